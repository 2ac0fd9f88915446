//! Pictures of the window without a window: a harness whose renderer is a small CPU rasteriser,
//! so that neither a GPU stack nor a display is needed and every machine gets the same bytes.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::many_single_char_names,
    reason = "pixels: far inside of every type's range, bounded by the picture"
)]

use egui::epaint::{Primitive, TextureId, Vertex};
use egui::{Color32, Context, FullOutput, ImageData, Rect, TexturesDelta, Ui, Vec2};
use egui_kittest::{Harness, TestRenderer};
use image::{Rgba, RgbaImage};
use std::collections::HashMap;

/// A harness with Roundtrip's fonts and theme.
pub fn harness<'a, State>(
    size: Vec2,
    dark: bool,
    state: State,
    ui: impl FnMut(&mut Ui, &mut State) + 'a,
) -> Harness<'a, State> {
    let theme = if dark {
        egui::Theme::Dark
    } else {
        egui::Theme::Light
    };
    Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(16)
        .with_render_cursor(false)
        .renderer(CpuRenderer::default())
        .with_context_setup(move |ctx| {
            roundtrip::ui::style::install(ctx);
            ctx.set_theme(theme);
        })
        .build_ui_state(ui, state)
}

struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
}

impl Texture {
    fn texel(&self, column: i64, row: i64) -> [u8; 4] {
        let column = column.clamp(0, self.size[0] as i64 - 1) as usize;
        let row = row.clamp(0, self.size[1] as i64 - 1) as usize;
        self.pixels[row * self.size[0] + column].to_array()
    }

    /// The colour at a place between texels.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let x = u * self.size[0] as f32 - 0.5;
        let y = v * self.size[1] as f32 - 0.5;
        let (left, top) = (x.floor(), y.floor());
        let (right_share, bottom_share) = (x - left, y - top);
        let (column, row) = (left as i64, top as i64);
        let corners = [
            (column, row, (1.0 - right_share) * (1.0 - bottom_share)),
            (column + 1, row, right_share * (1.0 - bottom_share)),
            (column, row + 1, (1.0 - right_share) * bottom_share),
            (column + 1, row + 1, right_share * bottom_share),
        ];
        let mut sum = [0.0; 4];
        for (column, row, share) in corners {
            if share > 0.001 {
                for (to, from) in sum.iter_mut().zip(self.texel(column, row)) {
                    *to += share * f32::from(from);
                }
            }
        }
        sum
    }
}

/// Draws egui's meshes into an image: triangles, vertex colours, textures, clip rectangles.
#[derive(Default)]
pub struct CpuRenderer {
    textures: HashMap<TextureId, Texture>,
}

impl TestRenderer for CpuRenderer {
    #[expect(
        clippy::iter_over_hash_type,
        reason = "each texture is set on its own; the order changes nothing"
    )]
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, images) in delta.set.drain() {
            for delta in images {
                let ImageData::Color(image) = &delta.image;
                match delta.pos {
                    None => {
                        let texture = Texture {
                            size: image.size,
                            pixels: image.pixels.clone(),
                        };
                        self.textures.insert(id, texture);
                    }
                    Some([left, top]) => {
                        let Some(texture) = self.textures.get_mut(&id) else {
                            continue;
                        };
                        for row in 0..image.height() {
                            let from = &image.pixels[row * image.width()..][..image.width()];
                            let at = (top + row) * texture.size[0] + left;
                            texture.pixels[at..at + image.width()].copy_from_slice(from);
                        }
                    }
                }
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let size = ctx.content_rect().size() * scale;
        let ground = ctx.global_style().visuals.panel_fill;
        let mut image = RgbaImage::from_pixel(
            size.x.round() as u32,
            size.y.round() as u32,
            Rgba(ground.to_array()),
        );
        for clipped in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = clipped.primitive else {
                return Err("a paint callback cannot be drawn here".to_owned());
            };
            let texture = self
                .textures
                .get(&mesh.texture_id)
                .ok_or("a texture is missing")?;
            let clip = clipped.clip_rect * scale;
            for corners in mesh.indices.chunks_exact(3) {
                let corner = |at: usize| mesh.vertices[corners[at] as usize];
                triangle(
                    &mut image,
                    texture,
                    clip,
                    scale,
                    [corner(0), corner(1), corner(2)],
                );
            }
        }
        Ok(image)
    }
}

/// A place in 256ths of a pixel: whole numbers, so that neighbours agree on the edge they share.
type Place = [i64; 2];
const SUB: i64 = 256;

/// Twice the signed area of the triangle; positive where `p` is right of the way from `a` to `b`.
fn edge(a: Place, b: Place, p: Place) -> i64 {
    (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
}

/// Of two triangles that share an edge only one paints the pixels on it.
fn owns(a: Place, b: Place) -> bool {
    (a[1] == b[1] && b[0] > a[0]) || b[1] < a[1]
}

fn triangle(image: &mut RgbaImage, texture: &Texture, clip: Rect, scale: f32, mut v: [Vertex; 3]) {
    let sub = |length: f32| (length * scale * SUB as f32).round() as i64;
    let place = |vertex: &Vertex| [sub(vertex.pos.x), sub(vertex.pos.y)];
    if edge(place(&v[0]), place(&v[1]), place(&v[2])) < 0 {
        v.swap(1, 2);
    }
    let [a, b, c] = [place(&v[0]), place(&v[1]), place(&v[2])];
    let area = edge(a, b, c);
    if area <= 0 {
        return;
    }
    let span = |axis: usize, clip: egui::Rangef, size: u32| {
        let least = a[axis].min(b[axis]).min(c[axis]) / SUB;
        let most = a[axis].max(b[axis]).max(c[axis]) / SUB + 1;
        let from = least.max(clip.min.round() as i64).max(0);
        from..most.min(clip.max.round() as i64).min(size.into())
    };
    for y in span(1, clip.y_range(), image.height()) {
        for x in span(0, clip.x_range(), image.width()) {
            let p = [x * SUB + SUB / 2, y * SUB + SUB / 2];
            let (w0, w1, w2) = (edge(b, c, p), edge(c, a, p), edge(a, b, p));
            let inside = |w: i64, from, to| w > 0 || (w == 0 && owns(from, to));
            if !(inside(w0, b, c) && inside(w1, c, a) && inside(w2, a, b)) {
                continue;
            }
            let [w0, w1, w2] = [w0, w1, w2].map(|w| w as f32 / area as f32);
            let u = w0 * v[0].uv.x + w1 * v[1].uv.x + w2 * v[2].uv.x;
            let t = w0 * v[0].uv.y + w1 * v[1].uv.y + w2 * v[2].uv.y;
            let texel = texture.sample(u, t);
            let colors = v.map(|vertex| vertex.color.to_array());
            let source: [f32; 4] = std::array::from_fn(|i| {
                let color = w0 * f32::from(colors[0][i])
                    + w1 * f32::from(colors[1][i])
                    + w2 * f32::from(colors[2][i]);
                color * texel[i] / 255.0
            });
            let rest = 1.0 - source[3] / 255.0;
            let pixel = image.get_pixel_mut(x as u32, y as u32);
            for (i, below) in pixel.0.iter_mut().enumerate() {
                *below = (source[i] + f32::from(*below) * rest).round().min(255.0) as u8;
            }
        }
    }
}
