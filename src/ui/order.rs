//! What is typed goes where the keyboard was when it was typed.
//!
//! A frame can get a letter and a click that came one after the other. egui moves the keyboard for the whole frame: the
//! letter would go to what was clicked, or to nobody. So such a frame is cut: what comes after the cut waits for the next.

use egui::{Context, Event, Key, Plugin, RawInput};
use std::mem;

/// Cuts the input of a frame where what is typed and what moves the keyboard meet.
#[derive(Debug, Default)]
pub struct InOrder {
    waiting: Vec<Event>,
}

/// What an event has to do with the keyboard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Touch {
    /// It goes to whatever has the keyboard.
    Typed,
    /// A key that takes the keyboard elsewhere, or asks for something to be done with what was typed.
    Asked,
    /// The pointer, or what reads the screen.
    Pressed,
}

fn touch(event: &Event) -> Option<Touch> {
    match event {
        Event::Text(_) | Event::Paste(_) | Event::Cut | Event::Copy | Event::Ime(_) => {
            Some(Touch::Typed)
        }
        Event::Key {
            key,
            pressed: true,
            modifiers,
            ..
        } => {
            let asks = matches!(key, Key::Tab | Key::Enter | Key::Escape)
                || modifiers.command
                || modifiers.alt;
            Some(if asks { Touch::Asked } else { Touch::Typed })
        }
        Event::PointerButton { pressed: true, .. } | Event::AccessKitActionRequest(_) => {
            Some(Touch::Pressed)
        }
        _ => None,
    }
}

/// Where the first event is that must not share a frame with those before it.
fn cut(events: &[Event]) -> Option<usize> {
    let mut first = None;
    events.iter().position(|event| match touch(event) {
        Some(touch) => *first.get_or_insert(touch) != touch,
        None => false,
    })
}

impl Plugin for InOrder {
    fn debug_name(&self) -> &'static str {
        "in order"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        // A second pass over the same frame is about the same moment.
        if ctx.current_pass_index() > 0 {
            return;
        }
        if !self.waiting.is_empty() {
            let new = mem::take(&mut input.events);
            input.events = mem::take(&mut self.waiting);
            input.events.extend(new);
        }
        if let Some(at) = cut(&input.events) {
            self.waiting = input.events.split_off(at);
            ctx.request_repaint();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Modifiers, PointerButton, pos2};

    fn text(words: &str) -> Event {
        Event::Text(words.to_owned())
    }

    fn click(pressed: bool) -> Event {
        Event::PointerButton {
            pos: pos2(1.0, 1.0),
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        }
    }

    fn key(key: Key) -> Event {
        Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Modifiers::NONE,
        }
    }

    /// The events of each frame.
    fn frames(events: Vec<Event>) -> Vec<Vec<Event>> {
        let ctx = Context::default();
        let mut plugin = InOrder::default();
        let mut frames = Vec::new();
        let mut input = RawInput {
            events,
            ..RawInput::default()
        };
        loop {
            plugin.input_hook(&ctx, &mut input);
            frames.push(mem::take(&mut input.events));
            if plugin.waiting.is_empty() {
                return frames;
            }
        }
    }

    #[test]
    fn a_frame_is_cut_where_typing_and_clicking_meet() {
        let moved = Event::PointerMoved(pos2(1.0, 1.0));
        assert_eq!(
            frames(vec![
                key(Key::A),
                text("a"),
                moved.clone(),
                click(true),
                click(false),
                text("b"),
                key(Key::Tab),
                text("c"),
                key(Key::Escape),
                click(true),
            ]),
            [
                vec![key(Key::A), text("a"), moved],
                vec![click(true), click(false)],
                vec![text("b")],
                vec![key(Key::Tab)],
                vec![text("c")],
                vec![key(Key::Escape)],
                vec![click(true)],
            ]
        );
    }

    #[test]
    fn what_is_of_one_kind_stays_together() {
        for events in [
            vec![],
            vec![text("a"), text("b"), key(Key::Backspace)],
            vec![click(true), click(false), click(true)],
            vec![text("a"), click(false)],
        ] {
            assert_eq!(frames(events.clone()), [events]);
        }
    }

    #[test]
    fn what_waits_comes_before_what_is_new() {
        let ctx = Context::default();
        let mut plugin = InOrder::default();
        let mut input = RawInput {
            events: vec![text("a"), click(true)],
            ..RawInput::default()
        };
        plugin.input_hook(&ctx, &mut input);
        input.events = vec![click(false), text("b")];
        plugin.input_hook(&ctx, &mut input);
        assert_eq!(input.events, [click(true), click(false)]);
        assert_eq!(plugin.waiting, [text("b")]);
    }
}
