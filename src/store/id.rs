//! Ids: the name of a thing's file without its ending. Made from the thing's name once and kept
//! when it is renamed, so that tabs and devices that refer to it still find it.

use super::error::StoreError;
use std::collections::HashSet;

/// File systems allow 255 bytes; the ending, a temporary name and a number need some of them.
const MAX_ID_BYTES: usize = 200;
const MAX_SLUG_BYTES: usize = 64;

/// Names that Windows gives to devices, whatever their ending.
fn is_reserved_by_windows(id: &str) -> bool {
    let stem = id.split('.').next().unwrap_or(id).to_ascii_lowercase();
    if matches!(
        stem.as_str(),
        "con" | "prn" | "aux" | "nul" | "conin$" | "conout$"
    ) {
        return true;
    }
    ["com", "lpt"].iter().any(|port| {
        stem.strip_prefix(port).is_some_and(|rest| {
            let mut rest = rest.chars();
            matches!(rest.next(), Some('0'..='9' | '¹' | '²' | '³')) && rest.next().is_none()
        })
    })
}

/// A file name made from a name, safe on every system: lower-case letters and digits of any script, and dashes.
pub(super) fn slug(name: &str, noun: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if slug.len() + c.len_utf8() > MAX_SLUG_BYTES {
            break;
        }
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        noun.replace(' ', "-")
    } else if is_reserved_by_windows(slug) {
        format!("{slug}-{}", noun.replace(' ', "-"))
    } else {
        slug.to_owned()
    }
}

/// The slug of `name`, numbered when `taken` (in lower case) has it already.
pub(super) fn unique(name: &str, noun: &str, taken: &HashSet<String>) -> String {
    let slug = slug(name, noun);
    if !taken.contains(&slug) {
        return slug;
    }
    // One more than what is taken: one of them is free.
    (2..=taken.len() + 2)
        .map(|number| format!("{slug}-{number}"))
        .find(|id| !taken.contains(id))
        .unwrap_or(slug)
}

/// Refuses what would leave the folder or could not be a file's name. Ids come from files, too.
pub(super) fn check(id: &str) -> Result<(), StoreError> {
    let why = if id.is_empty() {
        "it is empty"
    } else if id.len() > MAX_ID_BYTES {
        "it is too long"
    } else if id.starts_with('.') {
        "it begins with a dot"
    } else if id.contains(['/', '\\']) {
        "it holds a slash"
    } else if id.chars().any(char::is_control) {
        "it holds a control character"
    } else if cfg!(windows)
        && (is_reserved_by_windows(id)
            || id.ends_with(['.', ' '])
            || id.contains([':', '*', '?', '"', '<', '>', '|']))
    {
        "Windows does not allow it"
    } else {
        return Ok(());
    };
    Err(StoreError::BadId {
        id: id.to_owned(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_made_of_names_in_any_script() {
        for (name, want) in [
            ("Turn on", "turn-on"),
            ("  Licht (Küche) – an!  ", "licht-küche-an"),
            ("電気をつける", "電気をつける"),
            ("../../etc/passwd", "etc-passwd"),
            ("", "request"),
            ("//", "request"),
            ("CON", "con-request"),
            ("Lpt1", "lpt1-request"),
            ("con.toml", "con-toml"),
            (".git", "git"),
        ] {
            assert_eq!(slug(name, "request"), want, "{name}");
        }
    }

    #[test]
    fn a_taken_id_gets_a_number_also_when_only_its_case_differs() {
        let taken: HashSet<String> = ["on", "on-2"].into_iter().map(str::to_owned).collect();
        assert_eq!(unique("ON", "request", &taken), "on-3");
        assert_eq!(unique("off", "request", &taken), "off");
    }

    #[test]
    fn ids_that_lead_out_of_the_folder_are_refused() {
        for id in [
            "",
            "..",
            ".",
            ".x",
            "a/b",
            "a\\b",
            "../x",
            "a\0b",
            &"x".repeat(300),
        ] {
            assert!(check(id).is_err(), "{id}");
        }
        for id in ["on", "Turn on", "küche", "a.b"] {
            assert!(check(id).is_ok(), "{id}");
        }
    }

    proptest! {
        #[test]
        fn every_name_gives_an_id_that_is_allowed(name in ".{0,120}") {
            let id = slug(&name, "connection");
            prop_assert!(check(&id).is_ok(), "{id}");
            prop_assert!(!is_reserved_by_windows(&id));
            prop_assert!(!id.ends_with(['.', ' ', '-']));
        }
    }
}
