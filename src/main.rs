//! The program: reads the command line, opens the window or runs a headless command, exits.

use roundtrip::cli::args::{ScreenshotArgs, ThemeArg, ViewArg};
use roundtrip::cli::{self, ExitCode, Wanted};
use roundtrip::ui::bench::{BenchWish, bench};
use roundtrip::ui::open::{
    Place, ThemeChoice, TimelineView, UiError, WindowWish, open_window, picture,
};

/// Exchanges are made on one thread and freed on others, which the C library's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    match cli::run(std::env::args_os()) {
        Wanted::Exit(code) => code,
        Wanted::Window { workspace } => {
            let place = workspace.map_or(Place::Platform, Place::Folder);
            done(open_window(place, WindowWish::default()).map(|()| ExitCode::Answered))
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
            done(bench(&wish, &cli::say).map(|report| cli::print(&report)))
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
    let view = match args.view {
        ViewArg::Table => TimelineView::Table,
        ViewArg::Lanes => TimelineView::Lanes,
        ViewArg::Latency => TimelineView::Latency,
        ViewArg::Topics => TimelineView::Topics,
    };
    let wish = WindowWish {
        size: Some([f32::from(args.size.width), f32::from(args.size.height)]),
        theme: Some(theme),
        view: Some(view),
        demo: Some(args.demo),
    };
    done(picture(Place::Scratch, wish).map(|bytes| cli::write(&args.out, &bytes)))
}

fn done(outcome: Result<ExitCode, UiError>) -> ExitCode {
    outcome.unwrap_or_else(|err| {
        cli::fail(&err.to_string(), &err.hint());
        ExitCode::Failed
    })
}
