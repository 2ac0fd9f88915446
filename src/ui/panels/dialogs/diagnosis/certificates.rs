//! The certificates that the broker showed.

use crate::app::Action;
use crate::app::diagnosis::DiagnosisAction;
use crate::model::connection::TlsInfo;
use crate::model::diagnosis::said;
use crate::model::time::Timestamp;
use crate::ui::widgets::{Button, text};
use crate::ui::{Theme, fonts};
use egui::Ui;

pub fn certificates_ui(ui: &mut Ui, tls: &TlsInfo, now: Timestamp, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    for (index, certificate) in tls.chain.iter().enumerate() {
        ui.add_space(6.0);
        let title = match index {
            0 => "The broker's certificate".to_owned(),
            _ => format!("Certificate {} of the chain", index + 1),
        };
        text::label(ui, &title, fonts::medium(), theme.text);
        super::details_ui(ui, &said::certificate(certificate, now));
    }
    if tls.chain.is_empty() {
        return;
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        if ui.add(Button::new("Copy as PEM").small()).clicked() {
            let action = DiagnosisAction::CopyCertificates;
            actions.push(Action::Diagnosis(action));
        }
    });
}
