//! The three handshakes of the dialog, and the seal they leave behind.

use hazel_sync::{PublicKey, SecretKey, noise};
use sha2::{Digest as _, Sha256};
use snow::{HandshakeState, TransportState};

use super::frame::FRAME_MAX;
use super::{Fault, Token};

const IK: &str = "Noise_IK_25519_ChaChaPoly_SHA256";
const N: &str = "Noise_N_25519_ChaChaPoly_SHA256";
const KK: &str = "Noise_KK_25519_ChaChaPoly_SHA256";
/// What both sides put in before the first key, so that no other protocol's bytes mean anything here.
const PROLOGUE: &[u8] = b"hazel peer 1";
const TAG: usize = 16;
/// The longest plaintext of a T packet.
pub(super) const PLAIN_MAX: usize = FRAME_MAX - 1 - TAG;

/// Fresh bytes for one ephemeral key. Used once.
pub(super) type Ephemeral = [u8; 32];

/// What binds a K to the N before it.
fn hash_of(n: &[u8]) -> [u8; 32] {
    Sha256::digest(n).into()
}

fn crypto(error: &snow::Error) -> Fault {
    match error {
        snow::Error::Dh => Fault::WeakKey,
        _ => Fault::Forged,
    }
}

/// A handshake that waits for its second message.
pub(super) struct Half(HandshakeState);

/// The caller's I: whoever holds the ticket's key learns the caller's key and the token, nobody else anything.
pub(super) fn call_with_ticket(
    ours: &SecretKey,
    site: &PublicKey,
    token: &Token,
    ephemeral: Ephemeral,
) -> Result<(Vec<u8>, Half), Fault> {
    let builder = noise(IK, ours, PROLOGUE, ephemeral).and_then(|it| it.remote_public_key(&site.0));
    write(builder.and_then(snow::Builder::build_initiator), &token.0)
}

/// Opens an I: who calls, and with which token.
pub(super) fn open_ticket_call(
    ours: &SecretKey,
    body: &[u8],
    ephemeral: Ephemeral,
) -> Result<(PublicKey, Token, Half), Fault> {
    let state = noise(IK, ours, PROLOGUE, ephemeral).and_then(snow::Builder::build_responder);
    let (payload, half) = read(state, body)?;
    let token = payload.as_slice().try_into().map(Token).map_err(|_| Fault::Forged)?;
    Ok((half.caller()?, token, half))
}

/// The caller's N: its own key, for the site's eyes only.
pub(super) fn identify(ours: &SecretKey, site: &PublicKey, ephemeral: Ephemeral) -> Result<Vec<u8>, Fault> {
    let builder = noise(N, ours, PROLOGUE, ephemeral).and_then(|it| it.remote_public_key(&site.0));
    write(builder.and_then(snow::Builder::build_initiator), &ours.public().0).map(|(message, _)| message)
}

/// Opens an N: who it says is calling. Nothing is proven yet.
pub(super) fn open_identity(ours: &SecretKey, body: &[u8]) -> Result<PublicKey, Fault> {
    let state = noise(N, ours, PROLOGUE, [0; 32]).and_then(snow::Builder::build_responder);
    let (payload, _) = read(state, body)?;
    payload.as_slice().try_into().map(PublicKey).map_err(|_| Fault::Forged)
}

/// The caller's K, bound to the N it follows.
pub(super) fn call(
    ours: &SecretKey,
    site: &PublicKey,
    n: &[u8],
    ephemeral: Ephemeral,
) -> Result<(Vec<u8>, Half), Fault> {
    let prologue = hash_of(n);
    let builder = noise(KK, ours, &prologue, ephemeral).and_then(|it| it.remote_public_key(&site.0));
    write(builder.and_then(snow::Builder::build_initiator), &[])
}

/// Opens a K from the one the N named: now the caller is proven, or this is a replay of one who was.
pub(super) fn open_call(
    ours: &SecretKey,
    caller: &PublicKey,
    n: &[u8],
    body: &[u8],
    ephemeral: Ephemeral,
) -> Result<Half, Fault> {
    let prologue = hash_of(n);
    let builder = noise(KK, ours, &prologue, ephemeral).and_then(|it| it.remote_public_key(&caller.0));
    let (payload, half) = read(builder.and_then(snow::Builder::build_responder), body)?;
    if payload.is_empty() { Ok(half) } else { Err(Fault::Forged) }
}

fn write(state: Result<HandshakeState, snow::Error>, payload: &[u8]) -> Result<(Vec<u8>, Half), Fault> {
    let mut state = state.map_err(|error| crypto(&error))?;
    let mut out = vec![0; 256];
    let len = state.write_message(payload, &mut out).map_err(|error| crypto(&error))?;
    out.truncate(len);
    Ok((out, Half(state)))
}

fn read(state: Result<HandshakeState, snow::Error>, body: &[u8]) -> Result<(Vec<u8>, Half), Fault> {
    let mut state = state.map_err(|error| crypto(&error))?;
    let mut payload = vec![0; body.len()];
    let len = state.read_message(body, &mut payload).map_err(|error| crypto(&error))?;
    payload.truncate(len);
    Ok((payload, Half(state)))
}

impl Half {
    fn caller(&self) -> Result<PublicKey, Fault> {
        let key = self.0.get_remote_static().and_then(|key| key.try_into().ok());
        key.map(PublicKey).ok_or(Fault::Forged)
    }

    /// The responder's answer, and the seal.
    pub(super) fn answer(mut self) -> Result<(Vec<u8>, Seal), Fault> {
        let mut out = vec![0; 256];
        let len = self.0.write_message(&[], &mut out).map_err(|error| crypto(&error))?;
        out.truncate(len);
        Ok((out, self.seal()?))
    }

    /// The caller reads the answer.
    pub(super) fn finish(mut self, body: &[u8]) -> Result<Seal, Fault> {
        match self.0.read_message(body, &mut [0; 64]).map_err(|error| crypto(&error))? {
            0 => self.seal(),
            _ => Err(Fault::Forged),
        }
    }

    fn seal(self) -> Result<Seal, Fault> {
        self.0.into_transport_mode().map(Seal).map_err(|error| crypto(&error))
    }
}

/// Seals and opens T packets, in order.
pub(super) struct Seal(TransportState);

impl Seal {
    pub(super) fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut out = vec![0; plain.len().saturating_add(TAG)];
        // A message that could not be sealed comes back shorter: see the resolver.
        match self.0.write_message(plain, &mut out) {
            Ok(len) if len == out.len() => Ok(out),
            _ => Err(Fault::Forged),
        }
    }

    pub(super) fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut out = vec![0; sealed.len().checked_sub(TAG).ok_or(Fault::Forged)?];
        let len = self.0.read_message(sealed, &mut out).map_err(|error| crypto(&error))?;
        if len == out.len() { Ok(out) } else { Err(Fault::Forged) }
    }
}
