//! The widgets, found and driven by their accessible names.

mod common_ui;

use egui::{Event, Key, Role, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use roundtrip::app::rows::Tone;
use roundtrip::ui::widgets::payload_edit::{self, EditState, LIMIT, Mistake, Place};
use roundtrip::ui::widgets::tabs::{self, DocumentTab, DocumentTabEvent, Tab};
use roundtrip::ui::widgets::toast::{self, Toast, ToastEvent};
use roundtrip::ui::widgets::{Button, Field, payload_view, split, toggle};

fn harness<State: 'static>(
    state: State,
    ui: impl FnMut(&mut Ui, &mut State) + 'static,
) -> Harness<'static, State> {
    let mut harness = common_ui::harness(vec2(700.0, 400.0), true, state, ui);
    harness.run();
    harness
}

#[test]
fn a_switch_is_moved_by_click_and_by_space() {
    let mut harness = harness(false, |ui, on| {
        toggle::toggle(ui, on, "light-in-bedroom is on");
    });
    harness.get_by_label("light-in-bedroom is on").click();
    harness.run();
    assert!(*harness.state());
    harness.get_by_label("light-in-bedroom is on").focus();
    harness.run();
    harness.key_press(Key::Space);
    harness.run();
    assert!(!*harness.state());
}

#[test]
fn a_button_that_is_off_cannot_be_pressed() {
    let mut harness = harness(0, |ui, pressed| {
        if ui.add(Button::primary("Send").enabled(false)).clicked() {
            *pressed += 1;
        }
    });
    harness.get_by_role_and_label(Role::Button, "Send").click();
    harness.run();
    assert_eq!(*harness.state(), 0);
}

#[test]
fn a_field_says_what_is_wrong_beneath_it_and_to_a_screen_reader() {
    let mut harness = harness(String::new(), |ui, text: &mut String| {
        let error = text.contains('+').then_some("a topic has no wildcards");
        Field::new(text, "Topic").code().error(error).show(ui);
    });
    harness.get_by_label("Topic").focus();
    harness.run();
    harness.get_by_label("Topic").type_text("cmnd/+");
    harness.run();
    assert_eq!(harness.state(), "cmnd/+");
    let field = harness.get_by_label("Topic");
    let node = field.accesskit_node();
    assert_eq!(node.data().description(), Some("a topic has no wildcards"));
    harness.get_by_role_and_label(Role::Label, "a topic has no wildcards");
}

#[test]
fn request_tabs_are_selected_closed_and_added() {
    let mut harness = harness(Vec::new(), |ui, events| {
        let strip = [
            DocumentTab {
                label: "Turn on",
                is_dirty: false,
            },
            DocumentTab {
                label: "Unlock",
                is_dirty: true,
            },
        ];
        events.extend(tabs::document_tabs(ui, &strip, 0));
    });
    harness.get_by_label("Unlock, not saved").click();
    harness.run();
    harness.get_by_label("Close Turn on").click();
    harness.run();
    harness.get_by_label("New request").click();
    harness.run();
    assert_eq!(
        *harness.state(),
        [
            DocumentTabEvent::Select(1),
            DocumentTabEvent::Close(0),
            DocumentTabEvent::New
        ]
    );
}

#[test]
fn a_tab_with_a_problem_says_so() {
    let mut harness = harness(None, |ui, pressed| {
        let all = [Tab::new("Payload"), Tab::new("Expect").problem(true)];
        if let Some(at) = tabs::tabs(ui, &all, 0) {
            *pressed = Some(at);
        }
    });
    harness.get_by_label("Expect, has a problem").click();
    harness.run();
    assert_eq!(*harness.state(), Some(1));
}

#[test]
fn a_notice_can_be_undone_and_dismissed() {
    let mut harness = harness(Vec::new(), |ui, events| {
        let notice = Toast {
            summary: "Request deleted",
            hint: "",
            tone: Tone::Accent,
            actions: &["Undo"],
        };
        events.extend(toast::toasts(ui.ctx(), &[notice]));
    });
    harness.get_by_label("Undo").click();
    harness.run();
    harness.get_by_label("Dismiss notice").click();
    harness.run();
    assert_eq!(
        *harness.state(),
        [ToastEvent::Act(0, 0), ToastEvent::Dismiss(0)]
    );
}

#[test]
fn a_split_is_moved_with_the_arrow_keys() {
    let mut harness = harness(0.5, |ui, share| {
        let id = egui::Id::unique("a split");
        let rect = ui.max_rect();
        split::split(ui, id, "Sides", rect, split::Axis::Horizontal, share, 50.0);
    });
    harness.get_by_label("Sides").focus();
    harness.run();
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert!(*harness.state() > 0.5, "{}", harness.state());
}

struct Edited {
    text: String,
    state: EditState,
    mistake: Option<Mistake>,
    changes: usize,
}

fn editor(text: &str) -> Harness<'static, Edited> {
    let edited = Edited {
        text: text.to_owned(),
        state: EditState::default(),
        mistake: None,
        changes: 0,
    };
    harness(edited, |ui, edited| {
        let response = payload_edit::show(
            ui,
            "Payload",
            &mut edited.text,
            roundtrip::ui::widgets::highlight::Language::Json,
            edited.mistake.as_ref(),
            &mut edited.state,
        );
        edited.changes += usize::from(response.changed());
    })
}

#[test]
fn the_editor_takes_what_is_typed_and_names_the_place_of_a_mistake() {
    let mut harness = editor("");
    harness.get_by_label("Payload").focus();
    harness.run();
    harness.get_by_label("Payload").type_text("{\"a\": x}");
    harness.run();
    assert_eq!(harness.state().text, "{\"a\": x}");
    assert_eq!(harness.state().changes, 1);
    harness.state_mut().mistake = Some(Mistake {
        message: "not JSON: expected value".to_owned(),
        place: Some(Place { line: 1, column: 7 }),
    });
    harness.run();
    harness.get_by_label("Line 1, column 7: not JSON: expected value");
}

#[test]
fn a_large_paste_is_shown_but_not_edited() {
    let mut harness = editor("{}");
    harness.get_by_label("Payload").focus();
    harness.run();
    harness.event(Event::Paste("[1,2,3]\n".repeat(LIMIT / 4)));
    harness.run();
    assert_eq!(harness.state().text.len(), 2 + 8 * (LIMIT / 4));
    assert_eq!(harness.state().changes, 1);
    harness.get_by_role_and_label(Role::Document, "Payload");
    harness.get_by_label("Clear").click();
    harness.run();
    assert_eq!(harness.state().text, "");
    harness.get_by_role_and_label(Role::MultilineTextInput, "Payload");
}

#[test]
fn the_viewer_copies_the_marked_rows_or_all_of_it() {
    let view = (
        payload_view::Document::text("one\ntwo\nthree".to_owned()),
        payload_view::ViewState::default(),
    );
    let mut harness = harness(view, |ui, (document, state)| {
        payload_view::show(ui, "Answer", document, state);
    });
    let copied = |harness: &Harness<'static, _>| {
        harness
            .output()
            .platform_output
            .commands
            .iter()
            .find_map(|command| match command {
                egui::OutputCommand::CopyText(text) => Some(text.clone()),
                _ => None,
            })
    };
    harness.get_by_label("Copy payload").click();
    let mut all = None;
    for _ in 0..4 {
        harness.step();
        all = all.or_else(|| copied(&harness));
    }
    assert_eq!(all.as_deref(), Some("one\ntwo\nthree"));

    let top = harness.get_by_label("Answer").rect().min;
    harness.drag_at(top + vec2(60.0, 25.0));
    harness.run();
    harness.hover_at(top + vec2(60.0, 44.0));
    harness.run();
    harness.drop_at(top + vec2(60.0, 44.0));
    harness.run();
    harness.event(Event::Copy);
    let mut marked = None;
    for _ in 0..4 {
        harness.step();
        marked = marked.or_else(|| copied(&harness));
    }
    assert_eq!(marked.as_deref(), Some("two\nthree"));
}
