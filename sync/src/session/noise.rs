//! Noise as a session uses it: three patterns, one suite, explicit record numbers, rekeying by count.

use super::crypto::Primitives;
use super::fault::Fault;
use super::{Role, Setting, Way};
use crate::frame::{MAX_RECORD, WIRE};
use crate::keys::{PublicKey, SecretKey};
use snow::{Builder, HandshakeState, StatelessTransportState};

/// Records sealed under one key before both sides move to the next.
pub(super) const RECORDS_PER_KEY: u64 = 256;
const TAG: usize = 16;
/// The longest plaintext of a record.
pub(super) const MAX_PLAIN: usize = MAX_RECORD - TAG;

/// A handshake under way.
pub(super) struct Handshake {
    state: HandshakeState,
    ours: [u8; 32],
}

/// What a finished handshake leaves behind.
pub(super) struct Finished {
    pub(super) seal: Seal,
    pub(super) hash: [u8; 32],
    pub(super) theirs: PublicKey,
}

impl Handshake {
    pub(super) fn new(setting: &Setting, secret: &SecretKey, ephemeral: [u8; 32]) -> Result<Self, Fault> {
        let name = match setting.way {
            Way::Ticket { .. } => "Noise_IKpsk2_25519_ChaChaPoly_SHA256",
            Way::Stranger => "Noise_XX_25519_ChaChaPoly_SHA256",
            Way::Partner { .. } => "Noise_KK_25519_ChaChaPoly_SHA256",
        };
        let params = name.parse().map_err(|_| Fault::Crypto)?;
        let prologue = prologue(setting);
        let builder =
            Builder::with_resolver(params, Box::new(Primitives { ephemeral, known: secret.clone() }))
                .local_private_key(secret.bytes())
                .and_then(|builder| builder.prologue(&prologue))
                .and_then(|builder| match &setting.way {
                    Way::Ticket { nonce, issuer } if setting.role == Role::Dialer => {
                        builder.psk(2, &nonce.0)?.remote_public_key(&issuer.0)
                    }
                    Way::Ticket { nonce, .. } => builder.psk(2, &nonce.0),
                    Way::Stranger => Ok(builder),
                    Way::Partner { key } => builder.remote_public_key(&key.0),
                });
        let build = |builder: Builder<'_>| match setting.role {
            Role::Dialer => builder.build_initiator(),
            Role::Waiter => builder.build_responder(),
        };
        let state = builder.and_then(build).map_err(|_| Fault::Crypto)?;
        Ok(Self { state, ours: secret.public().0 })
    }

    pub(super) fn our_turn(&self) -> bool {
        self.state.is_my_turn() && !self.state.is_handshake_finished()
    }

    pub(super) fn finished(&self) -> bool {
        self.state.is_handshake_finished()
    }

    /// The next message; its payload is always empty, so a replay of it does nothing.
    pub(super) fn write(&mut self) -> Result<Vec<u8>, Fault> {
        let mut out = vec![0; 256];
        let len = self.state.write_message(&[], &mut out).map_err(|error| fault(&error))?;
        out.truncate(len);
        Ok(out)
    }

    pub(super) fn read(&mut self, message: &[u8]) -> Result<(), Fault> {
        let mut payload = [0; MAX_RECORD];
        match self.state.read_message(message, &mut payload).map_err(|error| fault(&error))? {
            0 => Ok(()),
            _ => Err(Fault::HandshakePayload),
        }
    }

    pub(super) fn finish(self) -> Result<Finished, Fault> {
        let hash = self.state.get_handshake_hash().try_into().map_err(|_| Fault::Crypto)?;
        let theirs =
            self.state.get_remote_static().and_then(|key| key.try_into().ok()).ok_or(Fault::Crypto)?;
        if theirs == self.ours {
            return Err(Fault::Mirror);
        }
        let state = self.state.into_stateless_transport_mode().map_err(|_| Fault::Crypto)?;
        let seal = Seal { state, sent: 0, received: 0, records_per_key: RECORDS_PER_KEY };
        Ok(Finished { seal, hash, theirs: PublicKey(theirs) })
    }
}

fn fault(error: &snow::Error) -> Fault {
    match error {
        snow::Error::Dh => Fault::WeakKey,
        snow::Error::Decrypt | snow::Error::Input => Fault::Forged,
        _ => Fault::Crypto,
    }
}

/// Everything that both must agree on before the first key: a difference makes the first seal fail.
fn prologue(setting: &Setting) -> Vec<u8> {
    let mut bytes = b"hazel sync".to_vec();
    bytes.push(WIRE);
    bytes.push(setting.carrier.number());
    bytes.extend_from_slice(&setting.hint.0);
    bytes.extend_from_slice(&setting.dialer.0);
    bytes.extend_from_slice(&setting.waiter.0);
    bytes
}

/// Seals and opens records, each direction with a number of its own.
pub(super) struct Seal {
    state: StatelessTransportState,
    sent: u64,
    received: u64,
    records_per_key: u64,
}

impl Seal {
    pub(super) fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut out = vec![0; plain.len().saturating_add(TAG)];
        let len = self.state.write_message(self.sent, plain, &mut out).map_err(|_| Fault::Crypto)?;
        if len != out.len() {
            return Err(Fault::Crypto);
        }
        self.sent = self.sent.saturating_add(1);
        if self.sent.is_multiple_of(self.records_per_key) {
            self.state.rekey_outgoing();
        }
        Ok(out)
    }

    pub(super) fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut out = vec![0; sealed.len().checked_sub(TAG).ok_or(Fault::Forged)?];
        self.state.read_message(self.received, sealed, &mut out).map_err(|_| Fault::Forged)?;
        self.received = self.received.saturating_add(1);
        if self.received.is_multiple_of(self.records_per_key) {
            self.state.rekey_incoming();
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
