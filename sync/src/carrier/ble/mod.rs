//! Bluetooth LE: one GATT service, the same for computers and phones, and either side may be central.
//!
//! No characteristic is encrypted and nobody is bonded: the session proves who is there, and pairing dialogs lose people.

pub mod central;
#[cfg(target_os = "linux")]
mod channel;
#[cfg(target_os = "linux")]
pub mod peripheral;

use std::future::Future;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

/// The service.
pub const SERVICE: Uuid = Uuid::from_u128(0x1a7c_15fa_6e63_4bdb_a005_f29b_8a91_b83f);
/// Written by the central without an answer, but for the first packet.
pub const RX: Uuid = Uuid::from_u128(0x1a7c_15fa_6e63_4bdb_a005_f29b_8a91_b840);
/// Notified by the peripheral.
pub const TX: Uuid = Uuid::from_u128(0x1a7c_15fa_6e63_4bdb_a005_f29b_8a91_b841);
/// Read by the central: an [`Information`](crate::Information).
pub const INFO: Uuid = Uuid::from_u128(0x1a7c_15fa_6e63_4bdb_a005_f29b_8a91_b842);

/// Under this number of "no company" an advertisement carries the tag: beside a 128-bit service nothing longer fits.
pub const TAG_COMPANY: u16 = 0xffff;

/// Where a device shows its tag besides the information that everybody may read who connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Whole, as manufacturer data.
    Company,
    /// As a name of ten letters: all that an iPhone in use can advertise beside a service.
    Name,
    /// Nowhere else, as an iPhone does whose app is not in front.
    Nowhere,
}

/// What the radio may take for one thing before it counts as lost.
const STEP: Duration = Duration::from_secs(10);

/// Why a radio link failed.
#[derive(Debug, thiserror::Error)]
pub enum BleError {
    /// This computer has no radio of that name, or none at all.
    #[error("no Bluetooth adapter")]
    NoAdapter,
    /// Nobody wanted was seen in time.
    #[error("nobody was found")]
    NotFound,
    /// The other device lacks a part of the service.
    #[error("the other device does not offer the service")]
    NoService,
    /// The other device speaks another version.
    #[error("the other device speaks sync wire {0}")]
    Version(u8),
    /// The radio or the other device did not answer in time.
    #[error("no answer in time while {0}")]
    Late(&'static str),
    /// The central's stack refused.
    #[error(transparent)]
    Central(#[from] btleplug::Error),
    /// The peripheral's stack refused.
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Peripheral(#[from] bluer::Error),
    /// The system refused a thread or a socket.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// Over what packets may cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// The service's characteristics: what everybody has.
    Service,
    /// An L2CAP channel where the other side can open one, and otherwise the service.
    Channel,
}

/// One thread for the radio, so that its events go on while the session thinks.
fn runtime() -> Result<Runtime, BleError> {
    Ok(Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

/// Waits for a step of the radio; a stack that never answers is an error like any other.
async fn within<T, E>(doing: &'static str, step: impl Future<Output = Result<T, E>>) -> Result<T, BleError>
where
    BleError: From<E>,
{
    at_most(STEP, doing, step).await
}

async fn at_most<T, E>(
    limit: Duration,
    doing: &'static str,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, BleError>
where
    BleError: From<E>,
{
    match tokio::time::timeout(limit, step).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(BleError::Late(doing)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radio_that_never_answers_is_late() {
        let runtime = Builder::new_current_thread().enable_all().build();
        let never = at_most(
            Duration::from_millis(5),
            "waiting for nothing",
            std::future::pending::<Result<(), std::io::Error>>(),
        );
        assert!(matches!(runtime.unwrap().block_on(never), Err(BleError::Late("waiting for nothing"))));
    }
}
