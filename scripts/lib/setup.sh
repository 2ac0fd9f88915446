# shellcheck shell=bash disable=SC2034 # the lists are used by whoever sources this
# What scripts/run and scripts/test share: install what the system lacks, and only that.
#
# Everything here looks first and acts second, so a second run costs a fraction of a second.
# ROUNDTRIP_INSTALL=no never installs anything; it only says what is missing.

# Daemons such as mosquitto live in /usr/sbin, which ordinary users have not in their PATH.
export PATH="$PATH:/usr/sbin:/sbin"

# To build: the linker and C headers (one dependency compiles C). No -dev packages.
build_packages=(gcc libc6-dev ca-certificates)

# To open the window. All of these are loaded at run time, so no tool can find them in the binary.
window_packages=(
    libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0 # X11
    libwayland-client0 libwayland-egl1 libxkbcommon0           # Wayland
    libgl1 libegl1 libgl1-mesa-dri                             # OpenGL, in software if need be
    libfontconfig1                                             # fonts for scripts that ours lack
)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
warn() { printf '\033[33m%s\033[0m\n' "$*" >&2; }
fail() {
    printf '\033[31m%s\033[0m\n' "$*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }
in_ci() { [[ -n ${CI:-} && ${CI} != false && ${CI} != 0 ]]; }
may_install() { [[ ${ROUNDTRIP_INSTALL:-yes} != no ]]; }

can_be_root() { [[ $EUID -eq 0 ]] || has sudo; }
as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# Prints those of the named packages that are not installed.
missing_packages() {
    local installed name
    installed=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for name in "$@"; do
        grep -Eq "^${name}(:[a-z0-9]+)? installed$" <<<"$installed" || printf '%s\n' "$name"
    done
}

# install_packages NAME...: with apt, without asking.
install_packages() {
    [[ $# -gt 0 ]] || return 0
    may_install || {
        warn "Missing, and not installed because ROUNDTRIP_INSTALL=no: $*"
        return 0
    }
    has apt-get || {
        warn "There is no apt here. What these Debian packages hold must be installed by hand: $*"
        return 0
    }
    can_be_root ||
        fail "Missing, and only root can install it (there is no sudo here): apt-get install --no-install-recommends $*"
    local log
    log=$(mktemp)
    say "Installing with apt (this can take a minute or two): $*"
    # A broken third-party source must not stop us: the packages may still be found.
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update ||
        warn "apt-get update had problems; trying to install all the same"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends -y "$@" >"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        fail "apt could not install: $*. All it said is in $log"
    }
    rm -f "$log"
}

# ensure_packages NAME...: installs those that are missing, all at once.
ensure_packages() {
    local missing
    if ! has dpkg-query; then
        warn "This is neither Debian nor Ubuntu. If something fails, install what these packages hold: $*"
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    install_packages "${missing[@]}"
}

# The oldest Rust that builds this, as Cargo.toml says it.
rust_wanted() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }

# Is there a cargo in the PATH, one that works and is new enough?
rust_is_good() {
    local found
    found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2) && [[ -n $found ]] &&
        rustc --version >/dev/null 2>&1 &&
        printf '%s\n%s\n' "$(rust_wanted)" "${found%%-*}" | sort -V -C
}

# Finds a Rust that is new enough, or installs one with rustup beside what is there.
ensure_rust() {
    local wanted
    wanted=$(rust_wanted)
    ! rust_is_good || return 0
    if [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then
        export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
        ! rust_is_good || return 0
    fi
    if has rustup && rustup_has "$wanted"; then
        export RUSTUP_TOOLCHAIN=$wanted
        ! rust_is_good || return 0
    fi
    may_install || fail "Rust $wanted or newer is needed, and not installed because ROUNDTRIP_INSTALL=no. See https://rustup.rs"

    if ! has rustup; then
        # Debian's rustup replaces Debian's rustc and cargo; whoever has those keeps them.
        if can_be_root && has apt-cache && [[ $(missing_packages rustc cargo | wc -l) -eq 2 ]] &&
            { apt_offers rustup || { as_root apt-get -qq update && apt_offers rustup; }; }; then
            install_packages rustup
        else
            rustup_from_its_makers "$wanted"
        fi
    fi
    # Beside whatever toolchain is the default: for this run only.
    export RUSTUP_TOOLCHAIN=$wanted
    # Not "does cargo run": with some versions of rustup that alone installs it, docs and all.
    if ! rustup_has "$wanted" || ! rust_is_good; then
        say "Installing Rust $wanted with rustup"
        rustup toolchain install "$wanted" --profile minimal --no-self-update ||
            fail "rustup could not install Rust $wanted. Is the network there? By hand: rustup toolchain install $wanted"
    fi
    rustup default >/dev/null 2>&1 || rustup default "$wanted" >/dev/null 2>&1 || true
    hash -r
    rust_is_good || fail "Rust $wanted or newer is needed; found: $(cargo --version 2>&1 | head -n 1). See https://rustup.rs"
}

rustup_has() { [[ $'\n'$(rustup toolchain list 2>/dev/null) == *$'\n'"$1"[.-]* ]]; }
# No pipe into `grep -q`: it stops reading early, and with pipefail that is now and then a failure.
apt_offers() { [[ $(apt-cache policy "$1" 2>/dev/null) == *"Candidate: "[0-9]* ]]; }

# rustup as https://rustup.rs tells it, for systems that have no package (Debian 12, Ubuntu 22.04).
rustup_from_its_makers() {
    local script home=${CARGO_HOME:-$HOME/.cargo}
    has curl || ensure_packages curl ca-certificates
    say "Installing Rust $1 with rustup from https://rustup.rs into $home"
    script=$(mktemp)
    # What https://sh.rustup.rs leads to, from the server that all the rest comes from.
    if ! curl --proto '=https' --tlsv1.2 -sSfL https://static.rust-lang.org/rustup/rustup-init.sh -o "$script" ||
        ! RUSTUP_INIT_SKIP_PATH_CHECK=yes sh "$script" -y --quiet --profile minimal --default-toolchain "$1" --no-modify-path >/dev/null; then
        rm -f "$script"
        fail "rustup could not be installed. Install Rust $1 or newer as https://rustup.rs tells, then run this again."
    fi
    rm -f "$script"
    export PATH="$home/bin:$PATH"
    say "To have cargo in your own shell: . $home/env"
}
