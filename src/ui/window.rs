//! Opens the real window: title, icon, size, renderer; and says in words why it could not.
//!
//! OpenGL, because it also runs well without a graphics card. The application itself is made by
//! whoever calls [`run`]; here only what the desktop sees is decided.

use crate::ui::{style, theme};
use eframe::{App, CreationContext, NativeOptions, Renderer};
use egui::{IconData, ViewportBuilder};
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The size of the window when nothing else was kept.
pub const SIZE: [f32; 2] = [1560.0, 930.0];
/// Smaller than this the panels do not fit beside each other.
pub const LEAST_SIZE: [f32; 2] = [960.0, 600.0];

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    #[error("cannot open a window: there is no display (DISPLAY and WAYLAND_DISPLAY are not set)")]
    NoDisplay,
    #[error("cannot open a window: {0}")]
    Refused(String),
}

impl WindowError {
    /// What can be done about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoDisplay => {
                "Start Roundtrip in a desktop session, or work without a window: roundtrip demo smart-light"
            }
            Self::Refused(_) => {
                "Roundtrip needs OpenGL and the X11 or Wayland libraries; on Debian and Ubuntu: apt install libgl1 libegl1 libx11-6 libxcursor1 libxi6 libxkbcommon-x11-0. Without a window: roundtrip demo smart-light"
            }
        }
    }
}

/// How the window opens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowOptions {
    pub size: [f32; 2],
    pub position: Option<[f32; 2]>,
    pub is_maximized: bool,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            size: SIZE,
            position: None,
            is_maximized: false,
        }
    }
}

/// Opens the window and returns when it is closed. `create` makes what is shown in it.
pub fn run<A: App + 'static>(
    options: WindowOptions,
    create: impl FnOnce(&CreationContext<'_>) -> A,
) -> Result<(), WindowError> {
    if !has_display() {
        return Err(WindowError::NoDisplay);
    }
    let mut viewport = ViewportBuilder::default()
        .with_title("Roundtrip")
        .with_app_id("roundtrip")
        .with_inner_size(options.size)
        .with_min_inner_size(LEAST_SIZE)
        .with_maximized(options.is_maximized)
        .with_icon(Arc::new(icon()));
    if let Some(position) = options.position {
        viewport = viewport.with_position(position);
    }
    let native = NativeOptions {
        viewport,
        renderer: Renderer::Glow,
        centered: options.position.is_none(),
        ..NativeOptions::default()
    };
    let has_opened = AtomicBool::new(false);
    let opened = AssertUnwindSafe(|| {
        eframe::run_native(
            "Roundtrip",
            native,
            Box::new(|context| {
                has_opened.store(true, Ordering::Release);
                style::install(&context.egui_ctx);
                Ok(Box::new(create(context)))
            }),
        )
    });
    // Without the keyboard libraries winit panics instead of returning an error. What panics
    // later, with the window open, is a mistake of our own and goes its way.
    match std::panic::catch_unwind(opened) {
        Ok(result) => result.map_err(|err| WindowError::Refused(plain_words(&err.to_string()))),
        Err(panic) if has_opened.load(Ordering::Acquire) => std::panic::resume_unwind(panic),
        Err(panic) => Err(WindowError::Refused(panic_words(panic.as_ref()))),
    }
}

/// winit's errors begin with the place in its own source where they arose.
fn plain_words(err: &str) -> String {
    let is_line = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
    err.rsplit_once(".rs:")
        .filter(|(_, rest)| is_line(rest))
        .and_then(|(_, rest)| rest.split_once(": "))
        .map_or(err, |(_, words)| words)
        .to_owned()
}

fn panic_words(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| {
            panic
                .downcast_ref::<&str>()
                .map(|words| (*words).to_owned())
        })
        .unwrap_or_else(|| "the window system's libraries are missing".to_owned())
}

fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// The sign of Roundtrip: a rounded square, from green to blue.
fn icon() -> IconData {
    const SIDE: u8 = 64;
    let side = f32::from(SIDE);
    let radius = side * 0.25;
    let mut rgba = Vec::with_capacity(usize::from(SIDE) * usize::from(SIDE) * 4);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (x, y) = (f32::from(x) + 0.5, f32::from(y) + 0.5);
            let color = theme::sign_color(x.midpoint(y) / side);
            let dx = (x - side * 0.5).abs() - (side * 0.5 - radius);
            let dy = (y - side * 0.5).abs() - (side * 0.5 - radius);
            let distance = dx.max(0.0).hypot(dy.max(0.0)) - radius;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a byte"
            )]
            let alpha = ((0.5 - distance).clamp(0.0, 1.0) * 255.0) as u8;
            rgba.extend([color.r(), color.g(), color.b(), alpha]);
        }
    }
    IconData {
        rgba,
        width: u32::from(SIDE),
        height: u32::from(SIDE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_opaque_in_the_middle_and_clear_at_its_corners() {
        let icon = icon();
        let alpha = |x: usize, y: usize| icon.rgba[(y * 64 + x) * 4 + 3];
        assert_eq!(icon.rgba.len(), 64 * 64 * 4);
        assert_eq!(alpha(0, 0), 0);
        assert_eq!(alpha(32, 32), 255);
        assert_eq!(alpha(32, 1), 255);
    }

    #[test]
    fn an_error_loses_the_place_in_somebody_elses_source() {
        let err = "winit EventLoopError: os error at /x/linux/mod.rs:788: Failed to open connection to X server";
        assert_eq!(plain_words(err), "Failed to open connection to X server");
        assert_eq!(plain_words("no config: none"), "no config: none");
    }

    #[test]
    fn every_reason_comes_with_a_hint() {
        for err in [
            WindowError::NoDisplay,
            WindowError::Refused("no OpenGL".to_owned()),
        ] {
            assert!(err.to_string().starts_with("cannot open a window"));
            assert!(!err.hint().is_empty());
        }
    }
}
