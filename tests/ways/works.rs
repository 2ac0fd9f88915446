//! The ways that lead somewhere.

use crate::certs::{Authority, openssl};
use crate::common::{Mosquitto, free_port, wait_until};
use crate::servers::{Manner, http_proxy, socks_proxy, web_bridge};
use crate::{Try, draft, secrets, trusting, works, works_up_to};
use roundtrip::model::message::{Message, Qos, UserProperty};
use roundtrip::model::profile::{
    HeaderDraft, MqttVersion, ProfileDraft, ProxyDraft, SecretSlot, TlsDraft, TlsVersion,
    VersionChoice, WebSocketDraft,
};
use roundtrip::model::secret::Secrets;
use roundtrip::model::topic::{TopicFilter, TopicName};
use roundtrip::mqtt::ClientOptions;
use roundtrip::mqtt::SubscribeOptions;
use roundtrip::mqtt::transport::{self, Step, Told};
use roundtrip::store;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn tls_broker(authority: &Authority, more: &str) -> Mosquitto {
    let pair = authority.broker();
    let config = pair.config(authority);
    Mosquitto::start(&format!("{config}{more}"))
}

#[test]
fn tls_tells_what_the_broker_showed() {
    let authority = Authority::new();
    let broker = tls_broker(&authority, "");
    for (version, name) in [(TlsVersion::V12, "TLS 1.2"), (TlsVersion::V13, "TLS 1.3")] {
        let mut draft = trusting(&format!("mqtts://localhost:{}", broker.port()), &authority);
        let tls = draft.tls.as_mut().unwrap();
        tls.least_version = Some(version);
        tls.most_version = Some(version);
        let info = works(&draft, Secrets::default());
        let tls = info.tls.clone().unwrap();
        assert_eq!(&*tls.version, name);
        assert!(tls.is_verified && !tls.cipher_suite.is_empty());
        let own = &tls.chain[0];
        assert!(own.subject.contains("broker"), "{own:?}");
        assert!(own.issuer.contains("Roundtrip test authority"), "{own:?}");
        assert_eq!(
            own.names.iter().map(|name| &**name).collect::<Vec<_>>(),
            ["localhost", "127.0.0.1"]
        );
        assert!(own.not_after > own.not_before && own.fingerprint.len() == 64);
    }
}

#[test]
fn an_address_in_the_certificate_is_a_name_too() {
    let authority = Authority::new();
    let broker = tls_broker(&authority, "");
    let address = format!("mqtts://127.0.0.1:{}", broker.port());
    works(&trusting(&address, &authority), Secrets::default());
}

#[test]
fn another_server_name_is_sent_and_looked_for() {
    let authority = Authority::new();
    let pair = authority.sign("far", &["broker.example"], |_| {});
    let broker = Mosquitto::start(&pair.config(&authority));
    let mut draft = trusting(&format!("mqtts://127.0.0.1:{}", broker.port()), &authority);
    draft.tls.as_mut().unwrap().server_name = "broker.example".to_owned();
    let info = works(&draft, Secrets::default());
    assert_eq!(
        info.tls.as_ref().map(|tls| &*tls.server_name),
        Some("broker.example")
    );
}

#[test]
fn without_verifying_anybody_is_taken_and_that_is_said() {
    let authority = Authority::new();
    let pair = authority.expired();
    let broker = Mosquitto::start(&pair.config(&authority));
    let mut draft = draft(&format!("mqtts://127.0.0.1:{}", broker.port()));
    draft.tls = Some(TlsDraft {
        verify: false,
        ..TlsDraft::default()
    });
    assert!(draft.validate("x").unwrap().is_unverified());
    let info = works(&draft, Secrets::default());
    assert!(!info.tls.as_ref().unwrap().is_verified);
}

#[expect(clippy::too_many_lines, reason = "one kind of file after the other")]
#[test]
fn a_client_shows_its_certificate_from_every_kind_of_file() {
    let authority = Authority::new();
    let broker = tls_broker(
        &authority,
        "require_certificate true\nuse_identity_as_username true\n",
    );
    let address = format!("mqtts://localhost:{}", broker.port());
    let pair = authority.client("ann");
    let file = |name: &str| authority.folder().join(name).display().to_string();
    let (certificate, key) = (
        pair.certificate.display().to_string(),
        pair.key.display().to_string(),
    );
    let connect = |certificate: &str, key: &str, passphrase: Option<&str>| {
        let mut draft = trusting(&address, &authority);
        let tls = draft.tls.as_mut().unwrap();
        tls.certificate_file = certificate.to_owned();
        tls.key_file = key.to_owned();
        tls.key_passphrase_wanted = passphrase.is_some();
        let all = passphrase.map(|text| (SecretSlot::KeyPassphrase, text));
        let all = all
            .into_iter()
            .map(|(slot, text)| (slot, roundtrip::model::secret::Secret::new(text.to_owned())));
        let it = Try::start(&draft, all.collect());
        it.connected();
        it.round_trip("own", &[1, 2, 3]);
    };
    // PKCS#8, as rcgen writes it.
    connect(&certificate, &key, None);
    // Both in one file.
    let both = file("both.pem");
    let text = [&certificate, &key].map(|path| std::fs::read_to_string(path).unwrap());
    std::fs::write(&both, text.concat()).unwrap();
    connect(&both, "", None);
    let (sec1, encrypted, old, p12, p12_old) = (
        file("sec1.pem"),
        file("encrypted.pem"),
        file("3des.pem"),
        file("ann.p12"),
        file("old.p12"),
    );
    if !openssl(&["ec", "-in", &key, "-out", &sec1]) {
        return;
    }
    connect(&certificate, &sec1, None);
    let topk8 = ["pkcs8", "-topk8", "-in", &key, "-passout", "pass:sesame"];
    openssl(&[&topk8[..], &["-out", &encrypted]].concat());
    connect(&certificate, &encrypted, Some("sesame"));
    openssl(&[&topk8[..], &["-v2", "des3", "-out", &old]].concat());
    connect(&certificate, &old, Some("sesame"));
    let export = [
        "pkcs12",
        "-export",
        "-in",
        &certificate,
        "-inkey",
        &key,
        "-passout",
        "pass:sesame",
    ];
    openssl(&[&export[..], &["-out", &p12]].concat());
    connect(&p12, "", Some("sesame"));
    openssl(
        &[
            &export[..],
            &[
                "-keypbe",
                "PBE-SHA1-3DES",
                "-certpbe",
                "PBE-SHA1-3DES",
                "-macalg",
                "sha1",
                "-out",
                &p12_old,
            ],
        ]
        .concat(),
    );
    connect(&p12_old, "", Some("sesame"));
    // PKCS#1 is RSA's.
    let (rsa, request, rsa_certificate) = (file("rsa.pem"), file("rsa.csr"), file("rsa.crt"));
    openssl(&["genrsa", "-traditional", "-out", &rsa, "2048"]);
    openssl(&[
        "req", "-new", "-key", &rsa, "-subj", "/CN=ann", "-out", &request,
    ]);
    let extensions = file("extensions");
    std::fs::write(&extensions, "extendedKeyUsage = clientAuth\n").unwrap();
    let ca_key = file("ca.key");
    std::fs::write(&ca_key, authority.key_pem()).unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &authority.file().display().to_string(),
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        &extensions,
        "-out",
        &rsa_certificate,
    ]);
    connect(&rsa_certificate, &rsa, None);
}

#[test]
fn web_sockets_carry_mqtt_plain_and_encrypted() {
    let broker = Mosquitto::start("");
    let port = web_bridge(broker.port(), None, None);
    works(
        &draft(&format!("ws://127.0.0.1:{port}/mqtt?a=b")),
        Secrets::default(),
    );
    let authority = Authority::new();
    let header = Some(("Authorization", "Bearer x"));
    let port = web_bridge(broker.port(), Some(&authority.broker()), header);
    let mut draft = trusting(&format!("wss://localhost:{port}/mqtt"), &authority);
    draft.web_socket = Some(WebSocketDraft {
        headers: vec![HeaderDraft {
            name: "Authorization".to_owned(),
            value: String::new(),
            is_secret: true,
        }],
        ..WebSocketDraft::default()
    });
    let header = SecretSlot::Header("Authorization".to_owned());
    let info = works(&draft, secrets([(header, "Bearer x")]));
    assert!(info.tls.is_some());
}

/// Mosquitto 2.0.11 wants another listener beside those for WebSocket, or it does not start.
#[test]
fn mosquitto_speaks_over_web_sockets_plain_and_encrypted() {
    // It sends some 40 kB a second over WebSocket, to other clients, too.
    const FEW: u32 = 2_000;
    let authority = Authority::new();
    let (plain, encrypted) = (free_port(), free_port());
    let config = authority.broker().config(&authority);
    let broker = Mosquitto::start(&format!(
        "listener {plain} 127.0.0.1\nprotocol websockets\nlistener {encrypted} 127.0.0.1\nprotocol websockets\n{config}"
    ));
    wait_until("all of its listeners are open", || {
        broker.log().contains("running")
    });
    for version in [MqttVersion::V5, MqttVersion::V311] {
        let mut draft = draft(&format!("ws://127.0.0.1:{plain}/mqtt"));
        draft.mqtt_version = version.into();
        works_up_to(&draft, Secrets::default(), FEW);
        let mut draft = trusting(&format!("wss://localhost:{encrypted}/mqtt"), &authority);
        draft.mqtt_version = version.into();
        let info = works_up_to(&draft, Secrets::default(), FEW);
        assert!(info.tls.is_some());
    }
}

#[test]
fn a_unix_socket_is_a_way() {
    let broker = Mosquitto::start_with(|folder| format!("listener 0 {}/m.sock", folder.display()));
    let path = broker.directory().join("m.sock");
    works(
        &draft(&format!("unix://{}", path.display())),
        Secrets::default(),
    );
}

#[test]
fn proxies_lead_to_plain_and_to_encrypted_brokers() {
    let authority = Authority::new();
    let plain = Mosquitto::start("");
    let encrypted = tls_broker(&authority, "");
    for manner in [Manner::Open, Manner::Password] {
        for (kind, proxy) in [
            ("socks5", socks_proxy(manner)),
            ("http", http_proxy(manner)),
        ] {
            for address in [
                format!("mqtt://localhost:{}", plain.port()),
                format!("mqtts://localhost:{}", encrypted.port()),
            ] {
                let mut draft = trusting(&address, &authority);
                draft.proxy = Some(ProxyDraft {
                    address: format!("{kind}://127.0.0.1:{}", proxy.port),
                    user_name: if manner == Manner::Password {
                        "ann"
                    } else {
                        ""
                    }
                    .to_owned(),
                    password_wanted: manner == Manner::Password,
                });
                works(&draft, secrets([(SecretSlot::ProxyPassword, "pa55")]));
            }
            assert_eq!(proxy.passed.load(Ordering::Relaxed), 2, "{kind} {manner:?}");
        }
    }
}

#[test]
fn the_steps_of_the_way_are_told_one_by_one() {
    let authority = Authority::new();
    let broker = Mosquitto::start("");
    let port = web_bridge(broker.port(), Some(&authority.broker()), None);
    let proxy = socks_proxy(Manner::Open);
    let mut draft = trusting(&format!("wss://localhost:{port}/mqtt"), &authority);
    draft.proxy = Some(ProxyDraft {
        address: format!("socks5://localhost:{}", proxy.port),
        ..ProxyDraft::default()
    });
    let options = ClientOptions {
        read_file: Arc::new(store::read_named),
        ..ClientOptions::new(draft.validate("x").unwrap(), None)
    };
    let mut steps = Vec::new();
    let mut shown = 0;
    let mut observer = |told| match told {
        Told::Done { step, found, .. } => {
            assert!(!found.is_empty(), "{step:?}");
            steps.push(step);
        }
        Told::Shown(info) => shown += info.chain.len(),
        Told::Begun(_) | Told::From(_) => {}
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let connected = runtime.block_on(transport::connect(&options, &mut observer));
    assert!(connected.unwrap().tls.is_some());
    assert_eq!(steps, Step::ALL);
    assert_eq!(shown, 1);
}

#[test]
fn a_receive_maximum_of_one_lets_messages_come_one_by_one() {
    let broker = Mosquitto::start("");
    let mut listening = draft(&broker.url());
    listening.receive_maximum = Some(1);
    listening.topic_alias_maximum = Some(5);
    listening.user_properties = vec![UserProperty {
        name: "who".to_owned(),
        value: "a test".to_owned(),
    }];
    let listener = Try::start(&listening, Secrets::default());
    listener.connected();
    listener.round_trip("one", &[0]);
    let speaker = Try::start(&draft(&broker.url()), Secrets::default());
    speaker.connected();
    for number in 0..100_u8 {
        let mut message = Message::new(TopicName::new("one").unwrap(), vec![number]);
        message.qos = Qos::AtLeastOnce;
        drop(speaker.client.publish(Arc::new(message)));
    }
    wait_until("all of them", || {
        listener.messages.lock().unwrap().len() == 101
    });
    let messages = listener.messages.lock().unwrap();
    let order: Vec<u8> = messages.iter().skip(1).map(|one| one.payload[0]).collect();
    assert_eq!(order, (0..100).collect::<Vec<u8>>());
}

#[test]
fn a_small_maximum_packet_size_keeps_larger_messages_away() {
    let broker = Mosquitto::start("");
    let mut listening = draft(&broker.url());
    listening.maximum_packet_size = Some(200);
    let listener = Try::start(&listening, Secrets::default());
    listener.connected();
    let filter = TopicFilter::new("size").unwrap();
    let subscribed = listener
        .client
        .subscribe(filter, SubscribeOptions::default());
    listener.runtime.block_on(subscribed).unwrap();
    let speaker = Try::start(&draft(&broker.url()), Secrets::default());
    speaker.connected();
    for size in [10, 5000, 11] {
        let message = Message::new(TopicName::new("size").unwrap(), vec![1; size]);
        drop(speaker.client.publish(Arc::new(message)));
    }
    wait_until("the small ones", || {
        listener.messages.lock().unwrap().len() == 2
    });
    let messages = listener.messages.lock().unwrap();
    let sizes: Vec<usize> = messages.iter().map(|one| one.payload.len()).collect();
    assert_eq!(sizes, [10, 11]);
}

#[test]
fn auto_speaks_5_to_a_broker_that_does_and_3_1_1_to_one_that_does_not() {
    let broker = Mosquitto::start("");
    let auto = |address: &str| ProfileDraft {
        mqtt_version: VersionChoice::Auto,
        ..draft(address)
    };
    let info = works(&auto(&broker.url()), Secrets::default());
    assert_eq!(info.version, MqttVersion::V5);
    // One refuses as MQTT 3.1.1 §3.1.2.2 wants it, the other just closes.
    for answer in [&[0x20, 2, 0, 1][..], &[]] {
        let port = crate::servers::old_broker(answer);
        let it = Try::start(
            &auto(&format!("mqtt://127.0.0.1:{port}")),
            Secrets::default(),
        );
        wait_until("a connection", || it.client.state().is_connected());
        assert_eq!(it.connected().version, MqttVersion::V311);
    }
}
