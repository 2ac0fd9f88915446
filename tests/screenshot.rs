//! The real window on a virtual display: what `roundtrip screenshot` saves.

mod common;

use common::display::Display;
use std::fs::File;
use std::io::BufReader;
use std::process::Command;

#[test]
fn a_screenshot_of_a_demo_has_the_size_that_was_asked_for_and_shows_something() {
    let Some(display) = Display::start("1600x1000") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let picture = folder.path().join("window.png");
    let output = display
        .show(Command::new(env!("CARGO_BIN_EXE_roundtrip")).args([
            "screenshot",
            "--demo",
            "smart-light",
        ]))
        .args(["--size", "1280x720", "--theme", "light", "--out"])
        .arg(&picture)
        .output()
        .expect("roundtrip starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let file = BufReader::new(File::open(&picture).expect("the picture"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    assert_eq!((reader.info().width, reader.info().height), (1280, 720));
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut pixels).expect("its pixels");
    let colours: std::collections::BTreeSet<_> = pixels.chunks(4).collect();
    assert!(
        colours.len() > 100,
        "only {} colours: is the window empty?",
        colours.len()
    );
}
