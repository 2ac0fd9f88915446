use crate::app::open::{Place, open};
use crate::app::undo::Undo;
use crate::app::{Action, App};
use crate::model::timeline::Category;
use std::sync::Arc;

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

fn type_in(app: &mut App, text: &str) {
    app.perform(Action::SetFilter(text.to_owned()));
}

fn undo_filter(app: &mut App) {
    let is_filter = |undo: &Undo| matches!(undo, Undo::Filter { .. });
    let notices = app.notices.shown();
    let notice = notices
        .iter()
        .rfind(|one| one.undo.as_ref().is_some_and(is_filter));
    let id = notice.unwrap().id;
    app.perform(Action::Undo(id));
}

#[test]
fn what_is_wrong_in_a_line_is_left_out_and_the_rest_filters() {
    let mut app = app();
    type_in(&mut app, "topic:lamp");
    type_in(&mut app, "topic:lamp rtt:>x");
    assert_eq!(app.filter.text(), "topic:lamp rtt:>x");
    assert_eq!(app.filter.problems().len(), 1);
    assert_eq!(app.listing.filter().text(), "topic:lamp");
    app.perform(Action::SetCategory(Some(Category::Late)));
    assert_eq!(app.listing.filter().text(), "topic:lamp");
    assert_eq!(app.listing.filter().category, Some(Category::Late));
    assert_eq!(app.filter.text(), "topic:lamp rtt:>x");
    type_in(&mut app, "topic:lamp rtt:>5ms");
    assert_eq!(app.listing.filter().text(), "topic:lamp rtt:>5ms");
    assert_eq!(app.listing.filter().category, Some(Category::Late));
}

#[test]
fn nothing_of_the_line_before_is_kept_where_a_term_becomes_wrong() {
    let mut app = app();
    for (typed, applied) in [
        // As it is typed: text, then a field, then a value that is none.
        ("rtt", "rtt"),
        ("rtt:>x", ""),
        ("lamp rtt:>x", "lamp"),
        ("-rtt:>x lamp", "lamp"),
        ("rtt:>x OR topic:lamp door", "topic:lamp door"),
        ("(verdict:late OR rtt:>x) lamp", "verdict:late lamp"),
        ("verdict:late,nonsense lamp", "lamp"),
        ("(lamp OR door", ""),
        ("lamp) door", "lamp door"),
        ("topic:/[/ lamp", "lamp"),
        ("OR lamp", "lamp"),
        ("() lamp", "lamp"),
        ("correlation:0xzz payload.a: lamp", "lamp"),
    ] {
        type_in(&mut app, typed);
        assert_eq!(app.listing.filter().text(), applied, "{typed}");
        assert!(app.listing.filter().is_valid());
    }
}

#[test]
fn what_is_only_begun_is_left_out_while_it_is_typed() {
    let mut app = app();
    for (typed, applied) in [
        ("topic:lamp rt", "topic:lamp rt"),
        ("topic:lamp rtt:", "topic:lamp"),
        ("topic:lamp rtt:>", "topic:lamp"),
        ("topic:lamp rtt:>5", "topic:lamp"),
        ("topic:lamp rtt:>5ms", "topic:lamp rtt:>5ms"),
        ("topic:lamp OR", "topic:lamp"),
        ("topic:lamp OR -verdict:", "topic:lamp"),
        ("lamp (a OR b", "lamp"),
        ("time:09:1", ""),
        ("is:pi", ""),
    ] {
        type_in(&mut app, typed);
        assert_eq!(app.listing.filter().text(), applied, "{typed}");
        assert!(app.listing.filter().is_valid());
    }
}

#[test]
fn filters_are_saved_applied_renamed_deleted_and_brought_back() {
    let mut app = app();
    type_in(&mut app, "rtt:>100ms");
    app.perform(Action::SetCategory(Some(Category::Answered)));
    app.perform(Action::SaveFilter("Slow answers".to_owned()));
    type_in(&mut app, "");
    app.perform(Action::SetCategory(None));
    app.perform(Action::ApplyFilter("Slow answers".to_owned()));
    assert_eq!(app.filter.text(), "rtt:>100ms");
    assert_eq!(app.listing.filter().category, Some(Category::Answered));
    assert_eq!(app.recent_filters(), ["rtt:>100ms"]);

    app.perform(Action::RenameFilter {
        from: "Slow answers".to_owned(),
        to: "Slow".to_owned(),
    });
    let entries = app.palette_entries();
    assert!(entries.iter().any(|entry| entry.text == "Filter: Slow"));

    type_in(&mut app, "rtt:>1s");
    app.perform(Action::SaveFilter("Slow".to_owned()));
    assert_eq!(app.settings.filters.len(), 1);
    assert_eq!(app.settings.filters[0].text, "rtt:>1s");
    undo_filter(&mut app);
    assert_eq!(app.settings.filters[0].text, "rtt:>100ms");

    app.perform(Action::DeleteFilter("Slow".to_owned()));
    assert!(app.settings.filters.is_empty());
    undo_filter(&mut app);
    assert_eq!(app.settings.filters[0].title(), "Slow");
}

#[test]
fn a_filter_takes_no_name_that_another_one_has_and_none_is_saved_wrong() {
    let mut app = app();
    for (name, text) in [("one", "a"), ("two", "b")] {
        type_in(&mut app, text);
        app.perform(Action::SaveFilter(name.to_owned()));
    }
    app.perform(Action::RenameFilter {
        from: "one".to_owned(),
        to: "two".to_owned(),
    });
    assert_eq!(app.settings.filters[0].name, "one");
    type_in(&mut app, "rtt:>x");
    app.perform(Action::SaveFilter("three".to_owned()));
    assert_eq!(app.settings.filters.len(), 2);
}

#[test]
fn a_connection_is_found_by_the_name_it_has_now() {
    let mut app = app();
    type_in(&mut app, "connection:workbench");
    let before = app.listing.filter().clone();
    let (id, mut profile) = app
        .library
        .profiles()
        .iter()
        .map(|(id, profile)| (id.clone(), profile.clone()))
        .next()
        .unwrap();
    profile.name = "Workbench".to_owned();
    app.library.save_profile(Some(&id), &profile).unwrap();
    app.tick();
    assert_ne!(*app.listing.filter(), before);
}
