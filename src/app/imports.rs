//! Connections and requests from other programs, and out again: what the dialogs hold and what is under way.
//!
//! Nothing is written before the plan was shown. Reading, writing and sealing happen on [`crate::app::work`]; what an
//! import wrote is taken back as one thing.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::export::full_path;
use crate::app::palette::PaletteEntry;
use crate::app::secrets;
use crate::app::undo::Undo;
use crate::app::work::Work;
use crate::model::foreign::bundle::{Bundle, BundleFormat, OwnedSecret};
use crate::model::foreign::copy_as::{Style, copy_as};
use crate::model::foreign::plan::{Plan, counted};
use crate::model::foreign::{self, Foreign};
use crate::model::profile::ProfileDraft;
use crate::model::request::{RequestDraft, Surroundings};
use crate::model::secret::Secret;
use crate::store::export::default_folder;
use crate::store::{self, Imported, StoreError};
use std::path::PathBuf;

/// More in one file is no list of connections.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Clone, Debug)]
pub enum ImportAction {
    Ask,
    /// Reads what the dialog names, and shows what would be done.
    Look,
    /// Does what the dialog shows.
    Begin,
    AskExport(BundleScope),
    /// Writes what the dialog holds.
    Export,
    /// A saved request, or the one in front.
    CopyAs(Option<String>, Style),
}

/// What goes into an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleScope {
    /// By its id, with its requests.
    Connection(String),
    /// A folder of requests, with their connections.
    Folder(String),
    All,
}

/// What is wrong, and what to do.
type Complaint = (String, String);

/// What was found in a file or a paste.
struct Seen {
    foreign: Foreign,
    /// Why its secrets are not open.
    sealed: Option<String>,
}

/// What is typed and chosen. Never `Debug`s any of it.
pub struct ImportDialog {
    /// What is pasted counts, not the file.
    pub is_paste: bool,
    pub path: String,
    pub text: String,
    pub passphrase: String,
    pub error: Option<Complaint>,
    /// Secrets are sealed, and this is why they are not open.
    pub sealed: Option<String>,
    pub plan: Option<Plan>,
    looking: Option<Work<Result<Seen, Complaint>>>,
    pub is_writing: bool,
}

impl std::fmt::Debug for ImportDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportDialog({})", self.path)
    }
}

impl ImportDialog {
    fn new() -> Self {
        Self {
            is_paste: false,
            path: String::new(),
            text: String::new(),
            passphrase: String::new(),
            error: None,
            sealed: None,
            plan: None,
            looking: None,
            is_writing: false,
        }
    }

    /// What was found is no longer what is typed.
    pub fn forget(&mut self) {
        self.error = None;
        self.sealed = None;
        self.plan = None;
        self.looking = None;
    }

    pub fn is_looking(&self) -> bool {
        self.looking.is_some()
    }
}

/// An export of connections; never `Debug`s the passphrase.
pub struct BundleDialog {
    pub scope: BundleScope,
    /// What goes in, in words.
    pub what: String,
    pub path: String,
    /// How many secrets there are to go along.
    pub secrets: usize,
    pub with_secrets: bool,
    pub passphrase: String,
    pub again: String,
    pub error: Option<String>,
    /// The file is there already, and may go.
    pub replaces: bool,
    pub asks_to_replace: bool,
    pub is_writing: bool,
}

impl std::fmt::Debug for BundleDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BundleDialog({:?}, {})", self.scope, self.path)
    }
}

/// Secrets as they were before an import, by account.
type Passwords = Vec<(String, Option<Secret>)>;

/// What can be taken back.
#[derive(Debug)]
pub struct ImportBefore {
    imported: Imported,
    passwords: Passwords,
}

type TakenBack = (ImportBefore, Result<(), StoreError>);

/// What is under way.
#[derive(Default)]
pub(super) struct Imports {
    applying: Option<Work<Result<Imported, StoreError>>>,
    taking_back: Option<Work<TakenBack>>,
    writing: Option<Work<Result<PathBuf, ExportFailure>>>,
}

enum ExportFailure {
    IsThere,
    Other(Complaint),
}

fn complaint(err: &StoreError) -> Complaint {
    (err.to_string(), err.hint())
}

/// Reads, and opens what is sealed if there is a passphrase.
fn look(bytes: Result<Vec<u8>, StoreError>, passphrase: &Secret) -> Result<Seen, Complaint> {
    let bytes = bytes.map_err(|err| complaint(&err))?;
    let mut foreign = foreign::read(&bytes).map_err(|err| (err.message, err.hint))?;
    let sealed = match foreign.sealed.clone() {
        None => None,
        Some(_) if passphrase.expose().is_empty() => {
            Some("Its secrets are sealed: type the passphrase, or import without them".to_owned())
        }
        Some(sealed) => match store::unseal(&sealed, passphrase) {
            Ok(secrets) => {
                foreign.unseal(secrets);
                None
            }
            Err(err) => Some(err.to_string()),
        },
    };
    Ok(Seen { foreign, sealed })
}

impl App {
    pub(super) fn perform_import(&mut self, action: ImportAction) {
        match action {
            ImportAction::Ask => {
                self.dialog = Some(Dialog::Import(Box::new(ImportDialog::new())));
            }
            ImportAction::Look => self.look_at_import(),
            ImportAction::Begin => self.begin_import(),
            ImportAction::AskExport(scope) => self.ask_for_bundle(scope),
            ImportAction::Export => self.export_bundle(),
            ImportAction::CopyAs(saved, style) => self.copy_request_as(saved.as_deref(), style),
        }
    }

    fn look_at_import(&mut self) {
        let Some(Dialog::Import(dialog)) = &mut self.dialog else {
            return;
        };
        dialog.forget();
        let passphrase = Secret::new(dialog.passphrase.clone());
        if dialog.is_paste {
            let bytes = dialog.text.clone().into_bytes();
            let work = self
                .worker
                .start(move |_| Some(look(Ok(bytes), &passphrase)));
            dialog.looking = Some(work);
            return;
        }
        match full_path(&dialog.path) {
            Ok(path) => {
                let work = self
                    .worker
                    .start(move |_| Some(look(store::read_file(&path, MOST_BYTES), &passphrase)));
                dialog.looking = Some(work);
            }
            Err(_) => {
                dialog.error = Some(("no file is named".to_owned(), "write its path".to_owned()));
            }
        }
    }

    fn begin_import(&mut self) {
        let Some(Dialog::Import(dialog)) = &mut self.dialog else {
            return;
        };
        let Some(plan) = &dialog.plan else { return };
        let changes = plan.changes();
        if changes.is_empty() || self.imports.applying.is_some() {
            return;
        }
        dialog.is_writing = true;
        let workspace = self.library.workspace();
        // Saves that are on their way come first.
        self.imports.applying = Some(self.worker.start(move |_| Some(workspace.import(changes))));
    }

    /// Takes up what has come of what was under way.
    pub(super) fn follow_imports(&mut self) {
        if let Some(Dialog::Import(dialog)) = &mut self.dialog
            && let Some(seen) = dialog.looking.as_ref().and_then(Work::take)
        {
            dialog.looking = None;
            match seen {
                Ok(seen) => {
                    dialog.sealed = seen.sealed;
                    let library = &self.library;
                    let plan = Plan::new(seen.foreign, library.profiles(), library.requests());
                    dialog.plan = Some(plan);
                }
                Err(complaint) => dialog.error = Some(complaint),
            }
        }
        if let Some(result) = self.imports.applying.as_ref().and_then(Work::take) {
            self.imports.applying = None;
            self.end_import(result);
        }
        if let Some((before, result)) = self.imports.taking_back.as_ref().and_then(Work::take) {
            self.imports.taking_back = None;
            self.end_taking_back(before, result);
        }
        if let Some(result) = self.imports.writing.as_ref().and_then(Work::take) {
            self.imports.writing = None;
            self.end_bundle(result);
        }
    }

    fn end_import(&mut self, result: Result<Imported, StoreError>) {
        let imported = match result {
            Ok(imported) => imported,
            Err(err) => {
                let (text, hint) = complaint(&err);
                if let Some(Dialog::Import(dialog)) = &mut self.dialog {
                    dialog.is_writing = false;
                    dialog.error = Some((format!("Nothing was imported: {text}"), hint));
                } else {
                    self.notices
                        .fail(format!("Nothing was imported: {text}"), hint);
                }
                return;
            }
        };
        if matches!(self.dialog, Some(Dialog::Import(_))) {
            self.dialog = None;
        }
        self.library.take_in(&imported);
        for one in &imported.requests {
            self.show_in_tab(&one.id, Some(&one.draft));
        }
        let passwords = self.take_in_secrets(&imported);
        let what = counted(imported.profiles.len(), imported.requests.len());
        self.notices.offer_undo(
            format!("Imported {what}"),
            Undo::Imported(Box::new(ImportBefore {
                imported,
                passwords,
            })),
            self.now,
        );
    }

    /// Hands secrets to where they are kept; gives what was there before.
    fn take_in_secrets(&mut self, imported: &Imported) -> Passwords {
        let mut before = Vec::new();
        for (id, slot, secret) in &imported.secrets {
            let account = slot.account(id);
            before.push((account.clone(), self.library.kept_password(&account)));
            self.library.keep_password(&account, secret);
            self.passwords.insert(account, secret.clone());
        }
        if !before.is_empty() && !self.library.can_keep_passwords() {
            let why = secrets::sentence(&self.library.password_place());
            self.notices
                .inform(format!("The imported secrets: {why}"), self.now);
        }
        before
    }

    /// A tab that shows a saved request goes along with it; none: it is no longer saved.
    fn show_in_tab(&mut self, id: &str, draft: Option<&RequestDraft>) {
        let tab = self.tabs.of_saved(id);
        let Some(tab) = tab.and_then(|tab| self.tabs.get_mut(tab)) else {
            return;
        };
        match draft {
            Some(draft) => {
                if !tab.is_dirty() {
                    tab.draft.clone_from(draft);
                }
                tab.original.clone_from(draft);
            }
            None => tab.saved_id = None,
        }
    }

    pub(super) fn undo_import(&mut self, before: ImportBefore) {
        let workspace = self.library.workspace();
        self.imports.taking_back = Some(self.worker.start(move |_| {
            let result = workspace.take_back(&before.imported);
            Some((before, result))
        }));
    }

    fn end_taking_back(&mut self, before: ImportBefore, result: Result<(), StoreError>) {
        if let Err(err) = result {
            let (text, hint) = complaint(&err);
            self.notices
                .fail(format!("The import was not taken back: {text}"), hint);
            return;
        }
        let ImportBefore {
            imported,
            passwords,
        } = before;
        self.library.take_out(&imported);
        for one in &imported.requests {
            self.show_in_tab(&one.id, one.before.as_ref());
        }
        for one in imported.profiles.iter().filter(|one| one.before.is_none()) {
            self.session.disconnect(&one.id);
        }
        for (id, password) in passwords {
            self.passwords.remove(&id);
            match password {
                Some(password) => self.library.keep_password(&id, &password),
                None => self.library.forget_password(&id),
            }
        }
        self.notices.inform("The import was taken back", self.now);
    }

    fn ask_for_bundle(&mut self, scope: BundleScope) {
        let (bundle, secrets) = self.bundle_of(&scope);
        let what = counted(bundle.connections.len(), bundle.requests.len());
        let name = match &scope {
            BundleScope::Connection(id) => id.clone(),
            BundleScope::Folder(name) => name.replace(['/', '\\'], "-"),
            BundleScope::All => "connections".to_owned(),
        };
        let name = format!("{name}.roundtrip.toml");
        let path =
            default_folder().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name));
        self.dialog = Some(Dialog::Bundle(Box::new(BundleDialog {
            scope,
            what,
            path: path.display().to_string(),
            secrets: secrets.len(),
            with_secrets: false,
            passphrase: String::new(),
            again: String::new(),
            error: None,
            replaces: false,
            asks_to_replace: false,
            is_writing: false,
        })));
    }

    /// The connections and requests of an export, and the passwords that are at hand. The built-in broker is everywhere.
    fn bundle_of(&self, scope: &BundleScope) -> (Bundle, Vec<OwnedSecret>) {
        let is_in = |draft: &RequestDraft| match scope {
            BundleScope::Connection(id) => draft.connection == *id,
            BundleScope::Folder(name) => {
                let folder = draft.folder.trim();
                let below = folder.strip_prefix(name.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            BundleScope::All => true,
        };
        let requests: Vec<RequestDraft> = self
            .library
            .requests()
            .values()
            .filter(|draft| is_in(draft))
            .cloned()
            .collect();
        let is_wanted = |id: &str| match scope {
            BundleScope::Connection(wanted) => id == wanted,
            BundleScope::Folder(_) => requests.iter().any(|it| it.connection == id),
            BundleScope::All => true,
        };
        let connections: Vec<(String, ProfileDraft)> = self
            .library
            .profiles()
            .iter()
            .filter(|(id, draft)| is_wanted(id) && !draft.is_built_in())
            .map(|(id, draft)| (id.clone(), draft.clone()))
            .collect();
        let secrets = connections
            .iter()
            .flat_map(|(id, draft)| draft.secret_slots().into_iter().map(move |slot| (id, slot)))
            .filter_map(|(id, slot)| {
                let account = slot.account(id);
                let here = self.passwords.get(&account).cloned();
                Some(OwnedSecret {
                    connection: id.clone(),
                    secret: here.or_else(|| self.library.kept_password(&account))?,
                    slot,
                })
            })
            .collect();
        let bundle = Bundle {
            connections,
            requests,
        };
        (bundle, secrets)
    }

    fn export_bundle(&mut self) {
        let Some(Dialog::Bundle(dialog)) = &self.dialog else {
            return;
        };
        let path = full_path(&dialog.path);
        let with_secrets = dialog.with_secrets && dialog.secrets > 0;
        let wrong = match &path {
            Err(words) => Some(words.clone()),
            Ok(_) if with_secrets && dialog.passphrase.is_empty() => {
                Some("the passphrase is empty".to_owned())
            }
            Ok(_) if with_secrets && dialog.passphrase != dialog.again => {
                Some("the two passphrases differ".to_owned())
            }
            Ok(_) => None,
        };
        let (bundle, secrets) = self.bundle_of(&dialog.scope);
        let Some(Dialog::Bundle(dialog)) = &mut self.dialog else {
            return;
        };
        dialog.error.clone_from(&wrong);
        let (Ok(path), None) = (path, wrong) else {
            return;
        };
        let ending = path.extension().and_then(|ending| ending.to_str());
        let format = ending.and_then(BundleFormat::of_word).unwrap_or_default();
        let passphrase = with_secrets.then(|| Secret::new(dialog.passphrase.clone()));
        let replaces = dialog.replaces;
        dialog.is_writing = true;
        self.imports.writing = Some(self.worker.start(move |_| {
            Some(write_bundle(
                &bundle,
                &secrets,
                passphrase.as_ref(),
                format,
                path,
                replaces,
            ))
        }));
    }

    fn end_bundle(&mut self, result: Result<PathBuf, ExportFailure>) {
        let dialog = match &mut self.dialog {
            Some(Dialog::Bundle(dialog)) => Some(dialog),
            _ => None,
        };
        match (result, dialog) {
            (Ok(path), dialog) => {
                if dialog.is_some() {
                    self.dialog = None;
                }
                let words = format!("Written to {}", path.display());
                self.notices.inform(words, self.now);
            }
            (Err(ExportFailure::IsThere), Some(dialog)) => {
                dialog.is_writing = false;
                dialog.asks_to_replace = true;
                dialog.error = Some("there is such a file already".to_owned());
            }
            (Err(ExportFailure::Other((text, _))), Some(dialog)) => {
                dialog.is_writing = false;
                dialog.error = Some(text);
            }
            (Err(ExportFailure::IsThere), None) => self
                .notices
                .fail("Nothing was exported: there is such a file already", ""),
            (Err(ExportFailure::Other((text, hint))), None) => self
                .notices
                .fail(format!("Nothing was exported: {text}"), hint),
        }
    }

    fn copy_request_as(&mut self, saved: Option<&str>, style: Style) {
        let draft = match saved {
            Some(id) => self.library.request(id),
            None => self.tabs.front().map(|tab| &tab.draft),
        };
        let Some(draft) = draft else { return };
        // What is copied may go anywhere.
        let covered = std::sync::Arc::new(self.library.environment().covered());
        let surroundings = Surroundings {
            environment: Some(&covered),
            ..Self::surroundings(&self.session, &self.library, &draft.connection)
        };
        let request = match draft.validate(&surroundings) {
            Ok(request) => request,
            Err(errors) => {
                let reasons: Vec<String> = errors.into_iter().map(|err| err.message).collect();
                let words = format!("Not copied: {}", reasons.join("; "));
                return self.notices.fail(words, "Correct the request first.");
            }
        };
        let Some(mut profile) = self.library.profile(&draft.connection).cloned() else {
            return self
                .notices
                .fail("Not copied: the request has no connection", "Choose one.");
        };
        if let Ok((filled, _)) = profile.filled(&covered) {
            profile = filled;
        }
        if let Some(broker) = self.session.broker().filter(|_| profile.is_built_in()) {
            profile.address = format!("mqtt://{}", broker.address());
        }
        let made_up = uuid::Uuid::new_v4().to_string();
        match copy_as(style, &profile, &request, &made_up) {
            Ok(copied) => {
                self.clipboard = Some(copied.text);
                let words = format!("Copied as {}", style.label());
                if copied.warnings.is_empty() {
                    self.notices.inform(words, self.now);
                } else {
                    let hint = copied.warnings.join(".\n");
                    self.notices
                        .tell_about("copied as", words, hint, Vec::new());
                }
            }
            Err(why) => self.notices.fail(format!("Not copied: {why}"), ""),
        }
    }

    /// Lines of the palette.
    pub(super) fn import_entries() -> Vec<PaletteEntry> {
        let entry = |text: String, action| PaletteEntry {
            text,
            kind: "command".to_owned(),
            shortcut: "",
            action: Action::Import(action),
        };
        let mut entries = vec![
            entry(
                "Import connections and requests…".to_owned(),
                ImportAction::Ask,
            ),
            entry(
                "Export all connections and requests…".to_owned(),
                ImportAction::AskExport(BundleScope::All),
            ),
        ];
        entries.extend(Style::ALL.into_iter().map(|style| {
            entry(
                format!("Copy the request as {}", style.label()),
                ImportAction::CopyAs(None, style),
            )
        }));
        entries
    }
}

fn write_bundle(
    bundle: &Bundle,
    secrets: &[OwnedSecret],
    passphrase: Option<&Secret>,
    format: BundleFormat,
    path: PathBuf,
    replaces: bool,
) -> Result<PathBuf, ExportFailure> {
    let other = |text: String, hint: &str| ExportFailure::Other((text, hint.to_owned()));
    let sealed = match passphrase {
        Some(passphrase) => Some(
            store::seal(secrets, passphrase).map_err(|err| other(err.to_string(), err.hint()))?,
        ),
        None => None,
    };
    let text = bundle
        .to_text(format, sealed)
        .map_err(|why| other(why, ""))?;
    let written = if replaces {
        store::write_file(&path, text.as_bytes())
    } else {
        store::create_file(&path, text.as_bytes())
    };
    match written {
        Ok(()) => Ok(path),
        Err(StoreError::Io { source, .. })
            if source.kind() == std::io::ErrorKind::AlreadyExists =>
        {
            Err(ExportFailure::IsThere)
        }
        Err(err) => Err(ExportFailure::Other(complaint(&err))),
    }
}

#[cfg(test)]
mod tests;
