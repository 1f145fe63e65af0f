//! Noise on this crate's primitives, for those who speak another pattern over another carrier.

use crate::keys::SecretKey;
use crate::session::Primitives;

/// A builder for one handshake of this protocol, with the key and the one ephemeral secret it will use. Fails where the
/// name is none that these primitives can serve.
pub fn noise<'b>(
    name: &str,
    secret: &'b SecretKey,
    prologue: &'b [u8],
    ephemeral: [u8; 32],
) -> Result<snow::Builder<'b>, snow::Error> {
    let primitives = Primitives { ephemeral, known: secret.clone() };
    snow::Builder::with_resolver(name.parse()?, Box::new(primitives))
        .local_private_key(secret.bytes())?
        .prologue(prologue)
}
