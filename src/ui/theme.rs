//! The tokens of the two themes: the only place in the house where a colour has a number.
//!
//! [`Theme::of`] gives the one in use; [`super::style`] makes egui's style of them. Every verdict
//! colour stands beside words that say the same.

use crate::app::rows::Tone;
use crate::model::timeline::MarkColour;
use egui::{Color32, Stroke, Ui};

/// Corner radius of buttons, fields and cards.
pub const RADIUS: u8 = 6;
/// A table row and its header.
pub const ROW: f32 = 24.0;
/// A row of a form: fields, buttons, tree rows.
pub const FORM_ROW: f32 = 28.0;
/// The step of all distances.
pub const GAP: f32 = 4.0;

/// The colours of one theme.
#[derive(Debug)]
pub struct Theme {
    pub dark: bool,
    pub window: Color32,
    pub panel: Color32,
    pub raised: Color32,
    pub field: Color32,
    pub line: Color32,
    pub text: Color32,
    pub muted: Color32,
    /// At least 3:1, for what need not be read.
    pub dim: Color32,
    pub accent: Color32,
    /// Fill of the one button that matters, and what is written on it.
    pub primary: Color32,
    pub primary_hovered: Color32,
    pub on_primary: Color32,
    /// Writing on a bar filled with a verdict's colour.
    pub on_bar: Color32,
    /// A leg that belongs to nobody in particular: the way to and from the broker.
    pub neutral_bar: Color32,
    /// A selected row, and one under the pointer.
    pub selected: Color32,
    pub hovered: Color32,
    /// A chosen chip.
    pub chosen: Color32,
    pub chosen_line: Color32,
    pub badge: Color32,
    pub badge_text: Color32,
    pub answered: Color32,
    pub waiting: Color32,
    pub failed: Color32,
    pub late: Color32,
    pub no_subscribers: Color32,
    pub unmatched: Color32,
    pub syntax: Syntax,
    pub shadow: Color32,
}

/// Colours of code.
#[derive(Debug)]
pub struct Syntax {
    pub key: Color32,
    pub string: Color32,
    pub number: Color32,
    pub keyword: Color32,
    pub placeholder: Color32,
    pub placeholder_fill: Color32,
    pub error_fill: Color32,
}

pub const DARK: Theme = Theme {
    dark: true,
    window: rgb(0x0e, 0x11, 0x16),
    panel: rgb(0x14, 0x19, 0x20),
    raised: rgb(0x1b, 0x22, 0x2b),
    field: rgb(0x0f, 0x14, 0x1a),
    line: rgb(0x28, 0x31, 0x3c),
    text: rgb(0xdb, 0xe2, 0xea),
    muted: rgb(0x8a, 0x97, 0xa8),
    dim: rgb(0x63, 0x6f, 0x7e),
    accent: rgb(0x4e, 0xa1, 0xff),
    primary: rgb(0x22, 0x6f, 0xd0),
    primary_hovered: rgb(0x2a, 0x7d, 0xe1),
    on_primary: rgb(0xff, 0xff, 0xff),
    on_bar: rgb(0x0b, 0x12, 0x1a),
    neutral_bar: rgb(0x7a, 0x87, 0x97),
    selected: rgb(0x17, 0x24, 0x34),
    hovered: rgb(0x17, 0x1d, 0x25),
    chosen: rgb(0x14, 0x33, 0x57),
    chosen_line: rgb(0x2c, 0x5d, 0x94),
    badge: rgb(0x22, 0x30, 0x3f),
    badge_text: rgb(0x9c, 0xc4, 0xf2),
    answered: rgb(0x3f, 0xbf, 0x86),
    waiting: rgb(0xe0, 0xad, 0x3f),
    failed: rgb(0xea, 0x6a, 0x66),
    late: rgb(0xa6, 0x84, 0xee),
    no_subscribers: rgb(0xe9, 0x8f, 0x4a),
    unmatched: rgb(0x49, 0xb9, 0xc7),
    syntax: Syntax {
        key: rgb(0x7c, 0xb7, 0xff),
        string: rgb(0x8f, 0xd9, 0xa8),
        number: rgb(0xf0, 0xc3, 0x7e),
        keyword: rgb(0xe6, 0x9a, 0xc4),
        placeholder: rgb(0xd7, 0xa8, 0xf5),
        placeholder_fill: rgb(0x33, 0x23, 0x42),
        error_fill: rgb(0x4a, 0x1f, 0x22),
    },
    shadow: Color32::from_black_alpha(96),
};

pub const LIGHT: Theme = Theme {
    dark: false,
    window: rgb(0xf4, 0xf6, 0xf8),
    panel: rgb(0xff, 0xff, 0xff),
    raised: rgb(0xee, 0xf1, 0xf4),
    field: rgb(0xff, 0xff, 0xff),
    line: rgb(0xd5, 0xdb, 0xe1),
    text: rgb(0x1a, 0x21, 0x29),
    muted: rgb(0x5a, 0x66, 0x75),
    dim: rgb(0x77, 0x82, 0x8f),
    accent: rgb(0x1f, 0x6f, 0xd6),
    primary: rgb(0x1f, 0x6f, 0xd6),
    primary_hovered: rgb(0x18, 0x62, 0xc2),
    on_primary: rgb(0xff, 0xff, 0xff),
    on_bar: rgb(0xff, 0xff, 0xff),
    neutral_bar: rgb(0x63, 0x70, 0x7f),
    selected: rgb(0xdf, 0xea, 0xf8),
    hovered: rgb(0xee, 0xf2, 0xf7),
    chosen: rgb(0xd6, 0xe6, 0xfa),
    chosen_line: rgb(0x8f, 0xb8, 0xe8),
    badge: rgb(0xdf, 0xe9, 0xf5),
    badge_text: rgb(0x1d, 0x55, 0x9b),
    answered: rgb(0x1d, 0x8a, 0x57),
    waiting: rgb(0xa8, 0x74, 0x08),
    failed: rgb(0xc8, 0x40, 0x3b),
    late: rgb(0x74, 0x50, 0xc8),
    no_subscribers: rgb(0xb8, 0x62, 0x1c),
    unmatched: rgb(0x1c, 0x7f, 0x8d),
    syntax: Syntax {
        key: rgb(0x1a, 0x5f, 0xb4),
        string: rgb(0x17, 0x70, 0x40),
        number: rgb(0x8a, 0x56, 0x00),
        keyword: rgb(0xa6, 0x2a, 0x77),
        placeholder: rgb(0x7a, 0x35, 0xb0),
        placeholder_fill: rgb(0xef, 0xe2, 0xfa),
        error_fill: rgb(0xfb, 0xdf, 0xde),
    },
    shadow: Color32::from_black_alpha(32),
};

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where colours have numbers"
)]
const fn rgb(r: u8, g: u8, b: u8) -> Color32 {
    Color32::from_rgb(r, g, b)
}

impl Theme {
    /// The theme that `ui` is painted in.
    pub fn of(ui: &Ui) -> &'static Self {
        Self::get(ui.visuals().dark_mode)
    }

    pub fn get(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }

    pub fn tone(&self, tone: Tone) -> Color32 {
        match tone {
            Tone::Neutral => self.muted,
            Tone::Accent => self.accent,
            Tone::Answered => self.answered,
            Tone::Waiting => self.waiting,
            Tone::Failed => self.failed,
            Tone::Late => self.late,
            Tone::NoSubscribers => self.no_subscribers,
            Tone::Unmatched => self.unmatched,
        }
    }

    /// What a row was coloured with, as a stripe or a dot; the menu has the word for it.
    pub fn mark(&self, colour: MarkColour) -> Color32 {
        match colour {
            MarkColour::Red => self.failed,
            MarkColour::Orange => self.no_subscribers,
            MarkColour::Yellow => self.waiting,
            MarkColour::Green => self.answered,
            MarkColour::Blue => self.accent,
            MarkColour::Violet => self.late,
        }
    }

    /// A bar with words on it.
    pub fn bar(&self, tone: Tone) -> Color32 {
        match tone {
            Tone::Neutral => self.neutral_bar,
            tone if self.dark => self.tone(tone),
            tone => mix(self.tone(tone), self.text, 0.08),
        }
    }

    /// Words in a verdict's colour. The tokens of the light theme are made for dots and bars;
    /// as writing they are darkened until they can be read.
    pub fn ink(&self, tone: Tone) -> Color32 {
        let color = self.tone(tone);
        if self.dark || tone == Tone::Neutral {
            color
        } else {
            mix(color, self.text, 0.27)
        }
    }

    /// A field or bar behind words in `color`: the colour, thinned into the panel.
    pub fn tint(&self, color: Color32) -> Color32 {
        mix(self.panel, color, if self.dark { 0.17 } else { 0.13 })
    }

    /// Hairline around and between things.
    pub fn hairline(&self) -> Stroke {
        Stroke::new(1.0, self.line)
    }
}

/// The sign of Roundtrip along its diagonal: from green at 0 to blue at 1.
pub fn sign_color(share: f32) -> Color32 {
    const GREEN: Color32 = rgb(0x43, 0xd0, 0xa0);
    const BLUE: Color32 = rgb(0x3d, 0x8b, 0xf5);
    mix(GREEN, BLUE, share.clamp(0.0, 1.0))
}

/// `share` of `top` over `base`; both opaque.
pub fn mix(base: Color32, top: Color32, share: f32) -> Color32 {
    base.lerp_to_gamma(top, share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.03928 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_colour_can_be_read_on_every_ground_it_is_painted_on() {
        for theme in [&DARK, &LIGHT] {
            let grounds = [theme.window, theme.panel, theme.field, theme.selected];
            let mut low = Vec::new();
            for ground in grounds {
                for (name, color, least) in [
                    ("text", theme.text, 4.5),
                    ("muted", theme.muted, 4.5),
                    ("dim", theme.dim, 3.0),
                    ("answered", theme.ink(Tone::Answered), 4.5),
                    ("waiting", theme.ink(Tone::Waiting), 4.5),
                    ("failed", theme.ink(Tone::Failed), 4.5),
                    ("late", theme.ink(Tone::Late), 4.5),
                    ("no subscribers", theme.ink(Tone::NoSubscribers), 4.5),
                    ("unmatched", theme.ink(Tone::Unmatched), 4.5),
                    ("key", theme.syntax.key, 4.5),
                    ("string", theme.syntax.string, 4.5),
                    ("number", theme.syntax.number, 4.5),
                ] {
                    let found = contrast(color, ground);
                    if found < least {
                        low.push(format!("{name} {color:?} on {ground:?}: {found:.2}"));
                    }
                }
            }
            for tone in [
                Tone::Answered,
                Tone::Waiting,
                Tone::Failed,
                Tone::Late,
                Tone::NoSubscribers,
                Tone::Unmatched,
            ] {
                let ground = theme.tint(theme.tone(tone));
                let found = contrast(theme.ink(tone), ground);
                if found < 4.5 {
                    low.push(format!("{tone:?} on its tint: {found:.2}"));
                }
            }
            for (name, text, ground) in [
                ("primary", theme.on_primary, theme.primary),
                ("badge", theme.badge_text, theme.badge),
                ("chosen chip", theme.text, theme.chosen),
                (
                    "placeholder",
                    theme.syntax.placeholder,
                    theme.syntax.placeholder_fill,
                ),
                ("leg", theme.on_bar, theme.bar(Tone::Answered)),
                ("leg", theme.on_bar, theme.bar(Tone::Accent)),
                ("way", theme.on_bar, theme.bar(Tone::Neutral)),
            ] {
                let found = contrast(text, ground);
                if found < 4.5 {
                    low.push(format!("{name}: {found:.2}"));
                }
            }
            assert!(low.is_empty(), "dark: {}: {low:#?}", theme.dark);
        }
    }
}
