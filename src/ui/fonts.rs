//! The fonts: Inter for words, JetBrains Mono for what goes over the wire, Lucide for icons.
//!
//! All three are built in, so a picture looks the same on every machine. Scripts they lack (CJK,
//! Arabic, emoji) come from the system's fonts, which the real window adds behind these.
//! Every size in the window is one of the functions below.

use egui::epaint::text::{FontData, FontDefinitions, FontTweak};
use egui::{FontFamily, FontId};
use std::sync::Arc;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const MEDIUM: &[u8] = include_bytes!("../../assets/fonts/Inter-Medium.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
const CODE: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");

const MEDIUM_FAMILY: &str = "medium";
const SEMIBOLD_FAMILY: &str = "semibold";
const ICON_FAMILY: &str = "icons";

/// Running text, labels, rows: 13.
pub fn body() -> FontId {
    FontId::new(13.0, FontFamily::Proportional)
}

/// Tabs, buttons, names of things: 13, a little heavier.
pub fn medium() -> FontId {
    FontId::new(13.0, FontFamily::Name(MEDIUM_FAMILY.into()))
}

/// Card titles, the product name: 13, semibold.
pub fn strong() -> FontId {
    FontId::new(13.0, FontFamily::Name(SEMIBOLD_FAMILY.into()))
}

/// Dialog titles and empty states: 15, semibold.
pub fn heading() -> FontId {
    FontId::new(15.0, FontFamily::Name(SEMIBOLD_FAMILY.into()))
}

/// Field labels, notes, chips: 12.
pub fn small() -> FontId {
    FontId::new(12.0, FontFamily::Proportional)
}

/// What stands at the right edge of a row: 11.
pub fn tiny() -> FontId {
    FontId::new(11.0, FontFamily::Proportional)
}

/// Section headers and leg labels: 11, semibold.
pub fn caps() -> FontId {
    FontId::new(11.0, FontFamily::Name(SEMIBOLD_FAMILY.into()))
}

/// Topics, payloads, bytes, times: 12, every character as wide as the next.
pub fn code() -> FontId {
    FontId::new(12.0, FontFamily::Monospace)
}

/// Badges with bytes in them and the activity log: 11.
pub fn code_small() -> FontId {
    FontId::new(11.0, FontFamily::Monospace)
}

/// An icon of the given size; its character is `char::from(icon)`.
pub fn icon(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(ICON_FAMILY.into()))
}

/// Everything above, in front of egui's own fonts.
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let code = FontData::from_owned(without_ligatures(CODE));
    // Lucide sits low in its em box; lifted so that it stands on the middle of the text beside it.
    let icons = FontData::from_static(lucide_icons::LUCIDE_FONT_BYTES).tweak(FontTweak {
        y_offset_factor: 0.0,
        ..FontTweak::default()
    });
    for (name, data) in [
        ("inter", FontData::from_static(REGULAR)),
        ("inter-medium", FontData::from_static(MEDIUM)),
        ("inter-semibold", FontData::from_static(SEMIBOLD)),
        ("jetbrains-mono", code),
        ("lucide", icons),
    ] {
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    }
    let fallback = fonts
        .families
        .get(&FontFamily::Monospace)
        .cloned()
        .unwrap_or_default();
    let mut family = |family: FontFamily, names: &[&str]| {
        let names = names
            .iter()
            .map(|name| (*name).to_owned())
            .chain(fallback.iter().cloned())
            .collect();
        fonts.families.insert(family, names);
    };
    family(FontFamily::Proportional, &["inter"]);
    family(FontFamily::Monospace, &["jetbrains-mono", "inter"]);
    family(
        FontFamily::Name(MEDIUM_FAMILY.into()),
        &["inter-medium", "inter"],
    );
    family(
        FontFamily::Name(SEMIBOLD_FAMILY.into()),
        &["inter-semibold", "inter"],
    );
    // Icons are private-use characters. They are kept out of the text families, so that such a
    // character in a payload never turns into a picture.
    family(FontFamily::Name(ICON_FAMILY.into()), &["lucide"]);
    fonts
}

/// A tester shows what is there: `:>` must not become one glyph. The font's substitution table
/// is renamed in the copy that egui gets, so that no ligature is ever formed.
fn without_ligatures(font: &[u8]) -> Vec<u8> {
    const TABLE_DIRECTORY: usize = 12;
    const ENTRY: usize = 16;
    let mut font = font.to_vec();
    let tables = match font.get(4..6) {
        Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
        _ => 0,
    };
    for table in 0..tables {
        let at = TABLE_DIRECTORY + table * ENTRY;
        if let Some(tag) = font.get_mut(at..at + 4)
            && tag == b"GSUB"
        {
            // Sorts where GSUB did: readers search the directory by halving.
            tag.copy_from_slice(b"GSUZ");
        }
    }
    font
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_font_loses_its_ligatures_and_nothing_else() {
        let patched = without_ligatures(CODE);
        let changed = CODE.iter().zip(&patched).filter(|(a, b)| a != b).count();
        assert_eq!(changed, 1);
        assert_eq!(CODE.len(), patched.len());
    }

    #[test]
    fn a_cut_font_is_left_as_it_is() {
        assert_eq!(without_ligatures(&CODE[..30]), CODE[..30].to_vec());
        assert!(without_ligatures(&[]).is_empty());
    }
}
