//! The way to the broker, as a form: what the address asks for, and what can be switched on.

use super::{error, number, unless_lacking};
use crate::app::dialogs::ProfileDialog;
use crate::model::environment;
use crate::model::message::UserProperty;
use crate::model::profile::{
    AuthenticationDraft, BrokerAddress, Feature, HeaderDraft, ProfileField, ProxyDraft,
    SCRAM_SHA_256, Scheme, SecretSlot, TlsVersion,
};
use crate::ui::panels::composer::format_select;
use crate::ui::panels::dialogs::caption;
use crate::ui::widgets::{Button, Field, section, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::Ui;

/// That of the address as typed, where it leads over TCP to a broker.
fn scheme(dialog: &ProfileDialog) -> Option<Scheme> {
    // Whatever variables stand for, the scheme is typed.
    let address = environment::sample(&dialog.draft.address);
    match BrokerAddress::parse(&address).ok()?.address {
        BrokerAddress::Tcp { scheme, .. } => Some(scheme),
        _ => None,
    }
}

pub fn way_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let Some(scheme) = scheme(dialog) else {
        return;
    };
    if scheme.is_encrypted() {
        tls_ui(ui, dialog);
    }
    if scheme.is_web_socket() {
        web_socket_ui(ui, dialog);
    }
    proxy_ui(ui, dialog);
}

/// Text that is typed into one line; the error beneath it.
fn line(ui: &mut Ui, name: &str, hint: &str, error: Option<&str>, value: &mut String) {
    caption(ui, name);
    Field::new(value, name)
        .hint(hint)
        .code()
        .error(error)
        .show(ui);
}

fn secret(ui: &mut Ui, name: &str, slot: SecretSlot, dialog: &mut ProfileDialog) {
    caption(ui, name);
    let value = dialog.secrets.entry(slot).or_default();
    Field::new(value, name)
        .hint("unchanged, or asked for")
        .secret()
        .show(ui);
}

fn tls_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let theme = Theme::of(ui);
    section::section_header(ui, "TLS", None);
    let errors = [
        ProfileField::CaFile,
        ProfileField::CertificateFile,
        ProfileField::KeyFile,
        ProfileField::Alpn,
        ProfileField::ServerName,
        ProfileField::TlsVersions,
    ]
    .map(|field| error(dialog, field));
    let [ca_file, certificate, key, alpn_error, server_name, versions] =
        errors.each_ref().map(Option::as_deref);
    let tls = dialog.draft.tls.get_or_insert_default();
    let mut is_unverified = !tls.verify;
    ui.checkbox(
        &mut is_unverified,
        "Do not verify: anybody can pretend to be the broker",
    );
    tls.verify = !is_unverified;
    if is_unverified {
        text::paragraph(
            ui,
            "Not verified: whoever is in between can read and change everything, passwords too.",
            fonts::medium(),
            theme.failed,
        );
    } else {
        ui.checkbox(
            &mut tls.system_roots,
            "Trust the authorities that the system trusts",
        );
        line(
            ui,
            "File of authorities (CA)",
            "none besides; PEM",
            ca_file,
            &mut tls.ca_file,
        );
    }
    line(
        ui,
        "Client certificate",
        "none; PEM or PKCS#12",
        certificate,
        &mut tls.certificate_file,
    );
    let has_certificate = !tls.certificate_file.is_empty();
    if has_certificate || !tls.key_file.is_empty() {
        line(
            ui,
            "Client key",
            "in the file of the certificate",
            key,
            &mut tls.key_file,
        );
        ui.checkbox(&mut tls.key_passphrase_wanted, "The key has a passphrase");
    }
    line(
        ui,
        "Server name (SNI)",
        "the host of the address",
        server_name,
        &mut tls.server_name,
    );
    let mut alpn = tls.alpn.join(", ");
    caption(ui, "ALPN");
    let alpn_field = Field::new(&mut alpn, "ALPN")
        .hint("none; mqtt, x-amzn-mqtt-ca")
        .code()
        .error(alpn_error);
    if alpn_field.show(ui).changed() {
        // A comma at the end is the beginning of the next one.
        tls.alpn = alpn.split(',').map(|name| name.trim().to_owned()).collect();
        if alpn.trim().is_empty() {
            tls.alpn.clear();
        }
    }
    ui.horizontal(|ui| {
        version_select(
            ui,
            "Least TLS version",
            "at least 1.2",
            &mut tls.least_version,
        );
        version_select(ui, "Most TLS version", "at most 1.3", &mut tls.most_version);
    });
    if let Some(versions) = versions {
        text::paragraph(ui, versions, fonts::small(), theme.failed);
    }
    if tls.key_passphrase_wanted && has_certificate {
        secret(
            ui,
            "Passphrase of the key",
            SecretSlot::KeyPassphrase,
            dialog,
        );
    }
}

fn version_select(ui: &mut Ui, name: &str, usual: &str, chosen: &mut Option<TlsVersion>) {
    let shown = |one: Option<TlsVersion>| match one {
        Some(version) => format!(
            "{} TLS {}",
            usual.rsplit_once(' ').map_or("", |(word, _)| word),
            version.word()
        ),
        None => usual.to_owned(),
    };
    select::select(ui, name, &shown(*chosen), 140.0, |ui| {
        for one in [None, Some(TlsVersion::V12), Some(TlsVersion::V13)] {
            if select::option(ui, *chosen == one, &shown(one)).clicked() {
                *chosen = one;
            }
        }
    });
}

fn web_socket_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let add = section::section_header(ui, "WebSocket", Some((Icon::Plus, "Add a header")));
    let subprotocol = error(dialog, ProfileField::Subprotocol);
    let web_socket = dialog.draft.web_socket.get_or_insert_default();
    line(
        ui,
        "Subprotocol",
        "none",
        subprotocol.as_deref(),
        &mut web_socket.subprotocol,
    );
    if add {
        web_socket.headers.push(HeaderDraft::default());
    }
    let mut gone = None;
    for index in 0..web_socket.headers.len() {
        let wrong = error(dialog, ProfileField::Header(index));
        let headers = &mut dialog.draft.web_socket.get_or_insert_default().headers;
        let Some(header) = headers.get_mut(index) else {
            continue;
        };
        caption(ui, &format!("Header {}", index + 1));
        ui.horizontal_top(|ui| {
            let room = ui.available_width();
            Field::new(&mut header.name, &format!("Name of header {}", index + 1))
                .hint("Authorization")
                .code()
                .error(wrong.as_deref())
                .width(room * 0.35)
                .show(ui);
            let name = format!("Value of header {}", index + 1);
            if header.is_secret {
                let slot = SecretSlot::Header(header.name.trim().to_owned());
                let value = dialog.secrets.entry(slot).or_default();
                Field::new(value, &name)
                    .hint("unchanged, or asked for")
                    .secret()
                    .width(room * 0.35)
                    .show(ui);
            } else {
                Field::new(&mut header.value, &name)
                    .code()
                    .width(room * 0.35)
                    .show(ui);
            }
            if ui.checkbox(&mut header.is_secret, "Secret").changed() {
                // What was typed openly must not stay in the file.
                header.value.clear();
            }
            if ui
                .add(Button::icon(Icon::X, &format!("Remove header {}", index + 1)).small())
                .clicked()
            {
                gone = Some(index);
            }
        });
    }
    if let (Some(index), Some(web_socket)) = (gone, &mut dialog.draft.web_socket) {
        web_socket.headers.remove(index);
    }
}

fn proxy_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let mut has_proxy = dialog.draft.proxy.is_some();
    ui.add_space(8.0);
    if ui
        .checkbox(&mut has_proxy, "Through a proxy: SOCKS5 or HTTP CONNECT")
        .changed()
    {
        dialog.draft.proxy = has_proxy.then(ProxyDraft::default);
    }
    let (address, user) = (
        error(dialog, ProfileField::ProxyAddress),
        error(dialog, ProfileField::ProxyUserName),
    );
    let Some(proxy) = &mut dialog.draft.proxy else {
        return;
    };
    line(
        ui,
        "Proxy",
        "socks5://127.0.0.1:1080, or http://host:3128",
        address.as_deref(),
        &mut proxy.address,
    );
    line(
        ui,
        "User name for the proxy",
        "none",
        user.as_deref(),
        &mut proxy.user_name,
    );
    proxy.password_wanted = !proxy.user_name.is_empty();
    if proxy.password_wanted {
        secret(
            ui,
            "Password for the proxy",
            SecretSlot::ProxyPassword,
            dialog,
        );
    }
}

/// What is rarely needed: folded away, unless something is wrong with it.
pub fn more_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let fields = [
        ProfileField::ConnectTimeout,
        ProfileField::ReceiveMaximum,
        ProfileField::MaximumPacketSize,
        ProfileField::UserProperties,
        ProfileField::AuthenticationMethod,
        ProfileField::Reconnect,
    ];
    let wrong: Vec<String> = fields
        .iter()
        .filter_map(|field| error(dialog, *field))
        .collect();
    let open = (!wrong.is_empty()).then_some(true);
    egui::CollapsingHeader::new("CONNECT properties, enhanced authentication, reconnecting")
        .open(open)
        .show(ui, |ui| {
            let theme = Theme::of(ui);
            for message in &wrong {
                text::paragraph(ui, message, fonts::small(), theme.failed);
            }
            limits_ui(ui, dialog);
            authentication_ui(ui, dialog);
            reconnect_ui(ui, dialog);
        });
}

/// A limit that may be left to the specification.
fn limit<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    unit: &str,
    usual: N,
    value: &mut Option<N>,
) {
    ui.horizontal(|ui| {
        let mut is_set = value.is_some();
        if ui.checkbox(&mut is_set, name).changed() {
            *value = is_set.then_some(usual);
        }
        if let Some(value) = value {
            number(ui, "", unit, value);
        }
    });
}

fn limits_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let draft = &mut dialog.draft;
    let version = draft.mqtt_version.first();
    number(
        ui,
        "Give up connecting after",
        " s",
        &mut draft.connect_timeout_secs,
    );
    unless_lacking(ui, version, Feature::ReasonCodes, |ui| {
        limit(ui, "Receive Maximum", "", 100, &mut draft.receive_maximum);
        limit(
            ui,
            "Maximum Packet Size",
            " bytes",
            65_536,
            &mut draft.maximum_packet_size,
        );
        limit(
            ui,
            "Topic Alias Maximum",
            "",
            10,
            &mut draft.topic_alias_maximum,
        );
    });
    unless_lacking(ui, version, Feature::UserProperties, |ui| {
        if ui
            .add(Button::ghost("Add a user property of the CONNECT"))
            .clicked()
        {
            draft.user_properties.push(UserProperty {
                name: String::new(),
                value: String::new(),
            });
        }
        let mut gone = None;
        for (index, property) in draft.user_properties.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let room = ui.available_width();
                let number = index + 1;
                Field::new(
                    &mut property.name,
                    &format!("Name of user property {number}"),
                )
                .width(room * 0.4)
                .show(ui);
                Field::new(
                    &mut property.value,
                    &format!("Value of user property {number}"),
                )
                .width(room * 0.4)
                .show(ui);
                if ui
                    .add(Button::icon(Icon::X, &format!("Remove user property {number}")).small())
                    .clicked()
                {
                    gone = Some(index);
                }
            });
        }
        if let Some(index) = gone {
            draft.user_properties.remove(index);
        }
    });
}

fn authentication_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let mut is_on = dialog.draft.authentication.is_some();
    if ui
        .checkbox(&mut is_on, "Enhanced authentication (MQTT 5)")
        .changed()
    {
        dialog.draft.authentication = is_on.then(|| AuthenticationDraft {
            method: SCRAM_SHA_256.to_owned(),
            ..AuthenticationDraft::default()
        });
    }
    let wrong = error(dialog, ProfileField::AuthenticationMethod);
    let Some(authentication) = &mut dialog.draft.authentication else {
        return;
    };
    line(
        ui,
        "Authentication Method",
        SCRAM_SHA_256,
        wrong.as_deref(),
        &mut authentication.method,
    );
    if authentication.method.trim() == SCRAM_SHA_256 {
        return;
    }
    ui.horizontal(|ui| {
        ui.checkbox(
            &mut authentication.data_wanted,
            "Authentication Data, typed as",
        );
        format_select(
            ui,
            "Format of the Authentication Data",
            &mut authentication.data_format,
        );
    });
    if authentication.data_wanted {
        secret(
            ui,
            "Authentication Data",
            SecretSlot::AuthenticationData,
            dialog,
        );
    }
}

fn reconnect_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let reconnect = &mut dialog.draft.reconnect;
    ui.checkbox(
        &mut reconnect.is_on,
        "Connect again when the connection is lost",
    );
    if reconnect.is_on {
        ui.horizontal(|ui| {
            number(ui, "First pause", " ms", &mut reconnect.first_ms);
            ui.add_space(16.0);
            number(ui, "Longest", " s", &mut reconnect.most_secs);
        });
    }
}
