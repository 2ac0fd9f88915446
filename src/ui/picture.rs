//! A picture of the window: plays the demo that is under way, lets the last frame settle, saves
//! what the window shows as PNG bytes, and closes it.

use crate::app::inspect::{part, telling_part};
use crate::app::topics::TopicsAction;
use crate::app::{Action, App, TimelineView};
use egui::{ColorImage, Context, ScreenshotCallback, ViewportCommand};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the demo may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// From the demo's end to the picture: the last device legs and the percentiles come in.
const SETTLE: Duration = Duration::from_millis(700);

/// Where the bytes end up, or why there are none.
pub type Slot = Arc<Mutex<Option<Result<Vec<u8>, String>>>>;

pub struct PictureJob {
    slot: Slot,
    started: Instant,
    done: Option<Instant>,
    is_asked: bool,
}

impl PictureJob {
    pub fn new(slot: Slot) -> Self {
        Self {
            slot,
            started: Instant::now(),
            done: None,
            is_asked: false,
        }
    }

    /// Once a frame, after the application's own logic.
    pub fn advance(&mut self, app: &mut App, ctx: &Context) {
        ctx.request_repaint_after(Duration::from_millis(50));
        if self.is_asked {
            if lock(&self.slot).is_some() {
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            return;
        }
        if let Some(report) = app.take_demo_report() {
            if !report.failures.is_empty() {
                self.give_up(report.failures.join("; "), ctx);
                return;
            }
            self.done = Some(Instant::now());
            choose_topic(app);
        }
        if self.started.elapsed() > PATIENCE && self.done.is_none() {
            self.give_up(
                format!("the demo did not end within {} s", PATIENCE.as_secs()),
                ctx,
            );
            return;
        }
        let is_settled = self.done.is_some_and(|done| done.elapsed() >= SETTLE);
        if is_settled {
            app.notices.clear();
            let slot = Arc::clone(&self.slot);
            let callback = ScreenshotCallback::new(move |image| {
                *lock(&slot) = Some(
                    png(&image).map_err(|err| format!("the picture could not be encoded: {err}")),
                );
            });
            ctx.send_viewport_cmd(ViewportCommand::Screenshot(callback));
            ctx.request_repaint();
            self.is_asked = true;
        }
    }

    fn give_up(&mut self, why: String, ctx: &Context) {
        *lock(&self.slot) = Some(Err(why));
        self.is_asked = true;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }
}

/// Where topics are looked at: that of the answer on show.
fn choose_topic(app: &mut App) {
    let row = app.selected.and_then(|id| app.timeline().row(id));
    let Some(row) = row.filter(|_| app.window.timeline_view == TimelineView::Topics) else {
        return;
    };
    if let Some(part) = part(&row, telling_part(&row)) {
        let path = (
            row.connection().to_string(),
            Some(part.message.topic.to_string()),
        );
        app.perform(Action::Topics(TopicsAction::Choose(Some(path))));
    }
}

pub fn lock(
    slot: &Mutex<Option<Result<Vec<u8>, String>>>,
) -> std::sync::MutexGuard<'_, Option<Result<Vec<u8>, String>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn png(image: &ColorImage) -> Result<Vec<u8>, png::EncodingError> {
    let [width, height] = image
        .size
        .map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let rgb: Vec<u8> = image
        .pixels
        .iter()
        .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
        .collect();
    encoder.write_header()?.write_image_data(&rgb)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_png_of_the_same_size() {
        let image = ColorImage::filled([3, 2], egui::Color32::RED);
        let bytes = png(&image).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&bytes))
            .read_info()
            .unwrap();
        assert_eq!((reader.info().width, reader.info().height), (3, 2));
    }
}
