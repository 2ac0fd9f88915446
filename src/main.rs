//! The program: reads the command line, opens the window or runs a headless command, exits.

use roundtrip::app::open::Place;
use roundtrip::cli::args::ThemeArg;
use roundtrip::cli::{self, ExitCode, Wanted};
use roundtrip::store;
use roundtrip::ui::open::{UiError, WindowWish, open_window, picture};
use std::path::PathBuf;

fn main() -> std::process::ExitCode {
    match cli::run(std::env::args_os()) {
        Wanted::Exit(code) => code,
        Wanted::Window { workspace } => {
            let place = workspace.map_or(Place::Platform, Place::Folder);
            report(open_window(place, WindowWish::default()))
        }
        Wanted::Screenshot(wish) => {
            let theme = match wish.theme {
                ThemeArg::Dark => store::Theme::Dark,
                ThemeArg::Light => store::Theme::Light,
            };
            let size = [f32::from(wish.size.width), f32::from(wish.size.height)];
            let shown = WindowWish {
                size: Some(size),
                theme: Some(theme),
                demo: Some(wish.demo),
            };
            match picture(Place::Scratch, shown) {
                Ok(bytes) => write(&wish.out, &bytes),
                Err(err) => report(Err(err)),
            }
        }
    }
    .into()
}

fn write(path: &PathBuf, bytes: &[u8]) -> ExitCode {
    match store::write_file(path, bytes) {
        Ok(()) => ExitCode::Answered,
        Err(err) => {
            cli::fail(&err.to_string(), &err.hint());
            ExitCode::Failed
        }
    }
}

fn report(result: Result<(), UiError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::Answered,
        Err(err) => {
            cli::fail(&err.to_string(), &err.hint());
            ExitCode::Failed
        }
    }
}
