//! What a user can ask for. Panels return these; [`crate::app::App::perform`] carries them out.

use crate::app::diagnosis::DiagnosisAction;
use crate::app::environments::EnvironmentAction;
use crate::app::export::ExportAction;
use crate::app::imports::ImportAction;
use crate::app::inspect::Part;
use crate::app::latency::LatencyAction;
use crate::app::messages::MessageAction;
use crate::app::notices::NoticeId;
use crate::app::payloads::CopyAs;
use crate::app::perform::RecordingAction;
use crate::app::secrets::SecretsAction;
use crate::app::subscriptions::SubscriptionAction;
use crate::app::table::{RowAction, TableAction};
use crate::app::tabs::TabId;
use crate::app::topics::TopicsAction;
use crate::model::message::Message;
use crate::model::timeline::{Category, RowId};
use crate::store::{Subject, TimelineView};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Action {
    // Connections
    NewProfile,
    EditProfile(String),
    /// Saves what the profile dialog holds.
    SaveProfile {
        connect: bool,
    },
    DuplicateProfile(String),
    DeleteProfile(String),
    Connect(String),
    Disconnect(String),
    ReconnectNow(String),
    /// What the password dialog holds.
    GivePassword,
    /// Where secrets are kept.
    Secrets(SecretsAction),
    Environment(EnvironmentAction),
    /// Why does it not connect?
    Diagnosis(DiagnosisAction),
    StopBroker,
    // Requests
    NewTab,
    OpenRequest(String),
    SelectTab(TabId),
    NextTab,
    PreviousTab,
    CloseTab(TabId),
    /// Saves the tab's request under its name, or asks for one.
    SaveTab(TabId),
    /// Saves what the save dialog holds.
    SaveTabAs,
    /// A file that somebody else changed meanwhile: put what is here over it.
    OverwriteFile(Subject),
    /// … or take what is in it.
    LoadAgain(Subject),
    DuplicateRequest(String),
    /// Asks for another name or folder.
    RenameRequest(String),
    DeleteRequest(String),
    /// Folds or unfolds a folder of requests.
    ToggleFolder(String),
    Send(TabId),
    /// Fills the composer's topic and Response Topic from a message, in a new tab.
    ComposeFrom(Box<Part>),
    Subscription(SubscriptionAction),
    // Pairing rules
    NewRule,
    /// A rule of the workspace, by its file.
    EditRule(String),
    /// Opens a copy of any rule, by its id, to be changed and saved.
    DuplicateRule(String),
    /// By its file.
    DeleteRule(String),
    /// Tries a rule of the workspace one place earlier, or later.
    MoveRule {
        file: String,
        up: bool,
    },
    /// Saves what the editor holds.
    SaveRule,
    /// Closes the editor whatever is in it.
    DiscardRule,
    /// Puts the messages of a row of the timeline on the editor's bench.
    AddToBench(RowId),
    /// The request in front is sent by this rule from now on.
    UseRule(String),
    /// Shows or hides a group of rules in the list.
    ToggleRules(String),
    // Simulated devices
    NewDevice,
    /// A device that answers what the tab sends.
    NewDeviceFor(TabId),
    EditDevice(String),
    SaveDevice,
    DuplicateDevice(String),
    DeleteDevice(String),
    SwitchDevice {
        id: String,
        on: bool,
    },
    /// A device that sleeps is needed now.
    WakeDevice(String),
    /// Drops its socket, so that its will is published.
    CutDevice(String),
    SetDeviceValue {
        id: String,
        key: String,
        value: String,
    },
    PauseActivity(bool),
    // Timeline
    SetFilter(String),
    SetCategory(Option<Category>),
    /// What is in the filter box was used, not only typed through.
    KeepRecentFilter,
    /// Under a name.
    SaveFilter(String),
    ApplyFilter(String),
    RenameFilter {
        from: String,
        to: String,
    },
    DeleteFilter(String),
    SelectRow(Option<RowId>),
    ClearTimeline,
    Export(ExportAction),
    /// Connections and requests of other programs, and out again.
    Import(ImportAction),
    Latency(LatencyAction),
    Topics(TopicsAction),
    Recording(RecordingAction),
    CopyPayload(Arc<Message>, CopyAs),
    // Comparing payloads; messages are a row and a place among its messages
    MarkForCompare(RowId, usize),
    ForgetMarked,
    /// The marked message with this one.
    CompareWithMarked(RowId, usize),
    Compare((RowId, usize), (RowId, usize)),
    SwapCompared,
    Table(TableAction),
    Row(RowId, RowAction),
    /// Of a row and a place among its messages.
    Message(RowId, usize, MessageAction),
    /// How the timeline is looked at.
    SetTimelineView(TimelineView),
    /// Opens the lanes where this row is.
    ShowInLanes(RowId),
    // Pairing rules
    /// The example request of a shipped rule, with a simulated device that answers it.
    OpenPresetExample(String),
    // The rest
    PlayDemo(String),
    StopDemo,
    Undo(NoticeId),
    UndoNewest,
    /// What a notice offered, by its place among the choices.
    Choose(NoticeId, usize),
    Dismiss(NoticeId),
    DismissAll,
    ShowPalette,
    ShowDemos,
    ShowHelp,
    ShowSettings,
    SaveSettings,
    CloseDialog,
    ToggleTheme,
    ToggleLeft,
    ToggleRight,
    /// Ctrl and plus, minus, zero.
    Zoom(ZoomStep),
    Copy(String),
    Quit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoomStep {
    In,
    Out,
    Reset,
}
