//! Text of strangers in HTML and SVG.

use std::fmt::{self, Write as _};

/// Text for an element or a quoted attribute. What cannot be seen is shown by its code point:
/// control characters, and those that turn the direction of the text around.
pub(super) struct Esc<'a>(pub &'a str);

impl fmt::Display for Esc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            one(f, c)?;
        }
        Ok(())
    }
}

/// The same on one line: tabs and line breaks are spaces.
pub(super) struct Line<'a>(pub &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            one(f, if matches!(c, '\t' | '\n') { ' ' } else { c })?;
        }
        Ok(())
    }
}

fn one(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&#39;"),
        '\t' | '\n' => f.write_char(c),
        c if is_hidden(c) => write!(f, "⟨U+{:04X}⟩", u32::from(c)),
        c => f.write_char(c),
    }
}

/// Joiners (U+200C, U+200D) stay: scripts and emoji need them.
fn is_hidden(c: char) -> bool {
    let is_direction = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
    );
    let is_break = matches!(c, '\u{2028}' | '\u{2029}');
    let is_nothing = matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    // Noncharacters: HTML and XML have no place for them.
    let is_no_character = (u32::from(c) & 0xFFFE) == 0xFFFE || matches!(c, '\u{fdd0}'..='\u{fdef}');
    c.is_control() || is_direction || is_break || is_nothing || is_no_character
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_ends_an_element_or_turns_the_text_around() {
        assert_eq!(
            Esc("</script><b a='x' c=\"&\">").to_string(),
            "&lt;/script&gt;&lt;b a=&#39;x&#39; c=&quot;&amp;&quot;&gt;"
        );
        assert_eq!(
            Esc("a\u{202e}b\u{0}c\rd").to_string(),
            "a⟨U+202E⟩b⟨U+0000⟩c⟨U+000D⟩d"
        );
        assert_eq!(Esc("a\n\tb").to_string(), "a\n\tb");
        assert_eq!(Line("a\n\tb").to_string(), "a  b");
    }

    proptest! {
        #[test]
        fn escaped_text_has_no_markup_and_nothing_hidden(text in any::<String>()) {
            let escaped = Esc(&text).to_string();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            prop_assert!(escaped.chars().all(|c| !is_hidden(c) || matches!(c, '\n' | '\t')));
            for (place, _) in escaped.match_indices('&') {
                let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
                prop_assert!(known.iter().any(|one| escaped[place..].starts_with(one)));
            }
        }

        #[test]
        fn what_can_be_seen_is_not_changed(text in "[a-zA-Z0-9 äß漢字🙂\u{200d}\u{200c}{}]*") {
            prop_assert_eq!(Esc(&text).to_string(), text);
        }
    }
}
