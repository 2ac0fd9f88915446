//! The program: reads the command line, opens the window or runs a headless command, exits.

use roundtrip::cli::args::{ScreenshotArgs, ThemeArg};
use roundtrip::cli::{self, ExitCode, Wanted};
use roundtrip::ui::bench::{BenchWish, bench};
use roundtrip::ui::open::{Place, ThemeChoice, UiError, WindowWish, open_window, picture};

/// Exchanges are made on one thread and freed on others, which the allocator of the C library is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    match cli::run(std::env::args_os()) {
        Wanted::Exit(code) => code,
        Wanted::Window { workspace } => {
            let place = workspace.map_or(Place::Platform, Place::Folder);
            match open_window(place, WindowWish::default()) {
                Ok(()) => ExitCode::Answered,
                Err(err) => failed(&err),
            }
        }
        Wanted::Screenshot(args) => screenshot(args),
        Wanted::Bench(args) => {
            let wish = BenchWish {
                url: args.url.as_ref().map(|url| url.expose().to_owned()),
                parts: args.parts.iter().map(|part| part.word()).collect(),
                is_quick: args.quick,
                rounds: args.rounds,
                turn: args.seconds,
                exchanges: args.exchanges,
                peers: args.peer,
                has_window: args.window,
            };
            match bench(&wish, &cli::say) {
                Ok(report) => cli::print(&report),
                Err(err) => failed(&err),
            }
        }
    }
    .into()
}

/// In a workspace of its own: the user's stays as it is.
fn screenshot(args: ScreenshotArgs) -> ExitCode {
    let theme = match args.theme {
        ThemeArg::Dark => ThemeChoice::Dark,
        ThemeArg::Light => ThemeChoice::Light,
    };
    let wish = WindowWish {
        size: Some([f32::from(args.size.width), f32::from(args.size.height)]),
        theme: Some(theme),
        demo: Some(args.demo),
    };
    match picture(Place::Scratch, wish) {
        Ok(bytes) => cli::write(&args.out, &bytes),
        Err(err) => failed(&err),
    }
}

fn failed(err: &UiError) -> ExitCode {
    cli::fail(&err.to_string(), &err.hint());
    ExitCode::Failed
}
