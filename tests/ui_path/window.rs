//! A window without a display: found by label, pressed, typed into, and waited for.

use crate::common_ui;
use egui::{Event, Key, Modifiers, Role, UiBuilder, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use roundtrip::app::App;
use roundtrip::app::open::{Place, open};
use roundtrip::ui::shell::Shell;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(15);

pub struct Window {
    harness: Harness<'static, Shell>,
}

impl Window {
    /// On a scratch workspace.
    pub fn open() -> Self {
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        let app = open(Place::Scratch, &wake).unwrap();
        let size = vec2(1560.0, 930.0);
        let mut harness = common_ui::harness(
            size,
            true,
            Shell::new(app, None),
            |ui, shell: &mut Shell| {
                shell.logic(ui.ctx());
                let screen = ui.ctx().content_rect();
                ui.scope_builder(UiBuilder::new().max_rect(screen), |ui| {
                    ui.set_clip_rect(screen);
                    shell.paint(ui);
                });
            },
        );
        harness.run_steps(3);
        Self { harness }
    }

    /// As on a start that found this in `window.toml`.
    pub fn open_with(window_toml: &str) -> Self {
        let mut window = Self::open();
        let state: roundtrip::app::WindowState = toml::from_str(window_toml).unwrap();
        let app = &mut window.harness.state_mut().app;
        app.window = state.usable();
        app.arrange_as_kept();
        window.settle();
        window
    }

    pub fn resize(&mut self, size: egui::Vec2) {
        self.harness.set_size(size);
        self.settle();
    }

    /// What `window.toml` would hold.
    pub fn window_toml(&self) -> String {
        toml::to_string(&self.app().window_state()).unwrap()
    }

    /// To put rows in that nobody sent.
    pub fn timeline(&mut self) -> &mut roundtrip::model::timeline::Timeline {
        &mut self.harness.state_mut().app.session.timeline
    }

    /// Where something is in the window.
    pub fn place(&self, role: Role, label: &str) -> egui::Rect {
        self.harness.get_by_role_and_label(role, label).rect()
    }

    pub fn app(&self) -> &App {
        &self.harness.state().app
    }

    pub fn app_mut(&mut self) -> &mut App {
        &mut self.harness.state_mut().app
    }

    /// The payload on show is only its beginning yet.
    pub fn is_formatting(&self) -> bool {
        self.harness.state().view.is_formatting()
    }

    /// The row at the upper edge of the payload on show.
    pub fn first_payload_row(&self) -> usize {
        self.harness.state().view.first_payload_row()
    }

    pub fn step(&mut self) {
        self.harness.step();
    }

    /// The text of a document.
    pub fn document(&self, name: &str) -> Option<String> {
        self.harness
            .query_by(|node| {
                node.role() == Role::Document && node.label().as_deref() == Some(name)
            })?
            .value()
    }

    /// What a shortcut, the palette or a button out of sight would do.
    pub fn perform(&mut self, action: roundtrip::app::Action) {
        self.harness.state_mut().app.perform(action);
    }

    /// A few frames: what was asked for is done, what opened is laid out.
    pub fn settle(&mut self) {
        self.harness.run_steps(4);
    }

    pub fn press(&mut self, role: Role, label: &str) {
        self.wait(&format!("{role:?} {label:?}"), |window| {
            window.has(role, label)
        });
        let node = self.harness.get_by_role_and_label(role, label);
        node.scroll_to_me();
        self.settle();
        self.harness.get_by_role_and_label(role, label).click();
        self.settle();
    }

    pub fn button(&mut self, label: &str) {
        self.press(Role::Button, label);
    }

    /// With keys held.
    pub fn press_with(&mut self, role: Role, label: &str, with: Modifiers) {
        let node = self.harness.get_by_role_and_label(role, label);
        node.click_modifiers(with);
        self.settle();
    }

    /// The labels of the rows that are selected, from the top.
    pub fn selected_rows(&self) -> Vec<String> {
        let rows = self.harness.query_all(By::new().role(Role::Row));
        rows.map(|row| row.accesskit_node())
            .filter(|node| node.is_selected() == Some(true))
            .filter_map(|node| node.label())
            .collect()
    }

    /// Frames until something is put on the clipboard.
    pub fn wait_for_copy(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.harness.step();
            let commands = &self.harness.output().platform_output.commands;
            let copied = commands.iter().find_map(|command| match command {
                egui::OutputCommand::CopyText(text) => Some(text.clone()),
                _ => None,
            });
            if let Some(copied) = copied {
                return copied;
            }
            assert!(Instant::now() < deadline, "nothing was copied");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// An event with nothing painted afterwards.
    pub fn tell(&mut self, event: Event) {
        self.harness.event(event);
    }

    /// All of it in the input of one frame, and no more frames than the window asks for.
    pub fn at_once(&mut self, events: impl IntoIterator<Item = Event>) {
        self.harness.input_mut().events.extend(events);
        self.harness.step();
    }

    /// Opens a context menu.
    pub fn press_secondary(&mut self, role: Role, label: &str) {
        self.harness
            .get_by_role_and_label(role, label)
            .click_secondary();
        self.settle();
    }

    /// Presses here, moves there and lets go.
    pub fn drag(&mut self, from: egui::Pos2, to: egui::Pos2) {
        self.harness.drag_at(from);
        self.settle();
        let middle = from + (to - from) * 0.5;
        for place in [middle, to] {
            self.harness.hover_at(place);
            self.settle();
        }
        self.harness.drop_at(to);
        self.settle();
    }

    /// Replaces what a field holds.
    pub fn fill(&mut self, field: &str, text: &str) {
        self.focus(field);
        self.key(Modifiers::COMMAND, Key::A);
        if text.is_empty() {
            self.key(Modifiers::NONE, Key::Backspace);
        } else {
            self.harness.event(Event::Text(text.to_owned()));
        }
        self.settle();
    }

    /// Chooses an entry of a drop-down.
    pub fn choose(&mut self, select: &str, entry: &str) {
        self.press(Role::ComboBox, select);
        self.button(entry);
    }

    pub fn focus(&mut self, field: &str) {
        let node = self
            .harness
            .get_by(|node| is_field(node) && node.label().as_deref() == Some(field));
        node.scroll_to_me();
        node.focus();
        self.settle();
    }

    pub fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Something that the window's system tells, such as typed text.
    pub fn event(&mut self, event: Event) {
        self.harness.event(event);
        self.settle();
    }

    pub fn has(&self, role: Role, label: &str) -> bool {
        self.harness
            .query_by(|node| node.role() == role && node.label().as_deref() == Some(label))
            .is_some()
    }

    /// Some text on the screen holds these words.
    pub fn says(&self, words: &str) -> bool {
        self.harness
            .query_all_by(|node| {
                let holds = |text: Option<String>| text.is_some_and(|text| text.contains(words));
                holds(node.label()) || holds(node.value())
            })
            .next()
            .is_some()
    }

    /// The names of everything of a role, in the order of the screen.
    pub fn labels(&self, role: Role) -> Vec<String> {
        let of_role = By::new().role(role);
        let nodes = self.harness.query_all(of_role);
        nodes
            .filter_map(|node| node.accesskit_node().label())
            .collect()
    }

    pub fn value(&self, field: &str) -> String {
        self.harness
            .get_by(|node| is_field(node) && node.label().as_deref() == Some(field))
            .value()
            .unwrap_or_default()
    }

    /// The payload of the message that is looked at.
    pub fn shown_payload(&self) -> String {
        self.harness
            .query_by(|node| {
                node.role() == Role::Document && node.label().as_deref() == Some("Message payload")
            })
            .and_then(|node| node.value())
            .unwrap_or_default()
    }

    /// What is said to be wrong with a field.
    pub fn problem(&self, field: &str) -> Option<String> {
        self.harness
            .get_by(|node| is_field(node) && node.label().as_deref() == Some(field))
            .accesskit_node()
            .data()
            .description()
            .map(str::to_owned)
    }

    pub fn is_selected(&self, role: Role, label: &str) -> bool {
        self.harness
            .get_by_role_and_label(role, label)
            .accesskit_node()
            .toggled()
            .is_some_and(|toggled| toggled == egui::accesskit::Toggled::True)
    }

    pub fn is_disabled(&self, role: Role, label: &str) -> bool {
        self.harness
            .get_by_role_and_label(role, label)
            .accesskit_node()
            .is_disabled()
    }

    /// Frames until the condition holds; what it waits for is in the failure.
    pub fn wait(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            if Instant::now() >= deadline {
                let seen = self.everything();
                panic!("did not come: {what}; the window says:\n{seen}");
            }
            std::thread::sleep(Duration::from_millis(2));
            self.harness.step();
        }
    }

    pub fn wait_for_words(&mut self, words: &str) {
        self.wait(&format!("the words {words:?}"), |window| window.says(words));
    }

    fn everything(&self) -> String {
        let lines: Vec<String> = self
            .harness
            .query_all_by(|node| node.label().is_some())
            .map(|node| {
                let node = node.accesskit_node();
                format!("{:?} {}", node.role(), node.label().unwrap_or_default())
            })
            .collect();
        lines.join("\n")
    }
}

fn is_field(node: &egui_kittest::kittest::AccessKitNode<'_>) -> bool {
    matches!(
        node.role(),
        Role::TextInput | Role::MultilineTextInput | Role::PasswordInput
    )
}
