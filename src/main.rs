//! The program: takes the command line apart, opens the window or runs a headless command.

use roundtrip::app::open::Place;
use roundtrip::ui::open::{Wanted, open_window};

fn main() {
    let demo = std::env::args().nth(1);
    let place = std::env::args()
        .nth(2)
        .map_or(Place::Scratch, |p| Place::Folder(p.into()));
    if let Err(err) = open_window(
        place,
        Wanted {
            demo,
            ..Wanted::default()
        },
    ) {
        eprintln!("{err}\n{}", err.hint());
    }
}
