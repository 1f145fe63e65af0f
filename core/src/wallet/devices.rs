//! One person, several phones: adding a device, taking leave away, and who may sign how much.

use std::path::Path;

use x25519_dalek::{PublicKey as AgreementPublic, StaticSecret};
use zeroize::Zeroizing;

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::chit::{Body, ChainId, DeviceAct};
use crate::key::{Entropy, ForwardSeed, SecretKey, fresh};
use crate::keystore::KeyStore;
use crate::message::Message;
use crate::negotiation::TallyState;
use crate::pair::PairKey;
use crate::store::{Shelf, Store, TallyRow};
use crate::tally::{Grant, NAME_MAX, Side, SignedTally, TallyId};
use crate::units::Units;

use super::contract::open_standing;
use super::numbers::next_device;
use super::opening::blank;
use super::receiving::{take_in, whole};
use super::saying::everything;
use super::settling::settle;
use super::signing::may_sign;
use super::{Clock, DEVICE_KEY, Hands, PAIR, Result, SEED, Wallet, WalletError, standing, tally_no};
use crate::intake::new_chain;

/// A device as a screen shows it, on one tally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceView {
    /// Its number.
    pub device: u32,
    /// Its newest epoch.
    pub epoch: u64,
    /// Whether it is mine.
    pub mine: bool,
    /// Whether it is this very device.
    pub here: bool,
    /// Whether it may sign.
    pub active: bool,
    /// How many chits it has signed, as far as is known.
    pub signed: u64,
    /// What it may still sign by itself; none for the first device, which has all that was not handed on.
    pub allowance: Option<Units>,
}

/// What a new device shows to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRequest {
    agreement_key: [u8; 32],
    name: String,
}

impl EnrolmentRequest {
    /// A request, and the secret that opens the answer. Keep the secret until the answer is here, and nowhere else.
    pub fn new(name: &str, entropy: &mut dyn Entropy) -> (Self, Zeroizing<[u8; 32]>) {
        let secret = Zeroizing::new(fresh(entropy));
        let agreement_key = AgreementPublic::from(&StaticSecret::from(*secret)).to_bytes();
        (Self { agreement_key, name: name.to_owned() }, secret)
    }

    /// What the new device calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Canon for EnrolmentRequest {
    const WHAT: &'static str = "request of a device";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION).bytes(&self.agreement_key).text(&self.name);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 3)?;
        from.version(Self::WHAT)?;
        Ok(Self { agreement_key: from.fixed("agreement key")?, name: from.text("name", NAME_MAX)? })
    }
}

/// Everything a new device needs, sealed for it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    agreement_key: [u8; 32],
    nonce: [u8; 24],
    sealed: Vec<u8>,
}

impl Canon for Enrolment {
    const WHAT: &'static str = "enrolment of a device";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(WIRE_VERSION).bytes(&self.agreement_key).bytes(&self.nonce).bytes(&self.sealed);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 4)?;
        from.version(Self::WHAT)?;
        Ok(Self {
            agreement_key: from.fixed("agreement key")?,
            nonce: from.fixed("nonce")?,
            sealed: from.bytes("sealed enrolment", 1 << 28)?.to_vec(),
        })
    }
}

/// One tally in an enrolment.
struct Entrusted {
    contract: SignedTally,
    side: Side,
    name: String,
    closing: bool,
    pair: [u8; 32],
    device_key: [u8; 32],
    seed: [u8; 32],
    messages: Vec<Message>,
}

impl Canon for Entrusted {
    const WHAT: &'static str = "tally of an enrolment";

    fn write(&self, to: &mut Writer) {
        to.array(8).put(&self.contract).put(&self.side).text(&self.name).uint(self.closing.into());
        to.bytes(&self.pair).bytes(&self.device_key).bytes(&self.seed).put_list(&self.messages);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 8)?;
        Ok(Self {
            contract: from.take()?,
            side: from.take()?,
            name: from.text("name", NAME_MAX)?,
            closing: from.uint("closing")? != 0,
            pair: from.fixed("pair key")?,
            device_key: from.fixed("device key")?,
            seed: from.fixed("seed")?,
            messages: from.take_list("messages", u64::MAX)?,
        })
    }
}

impl Drop for Entrusted {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.pair);
        zeroize::Zeroize::zeroize(&mut self.device_key);
        zeroize::Zeroize::zeroize(&mut self.seed);
    }
}

impl Wallet {
    /// Lets another device of mine sign on every open tally. It is in effect when the partner has been told; its allowance is zero
    /// until some is handed to it.
    pub fn add_device(&mut self, request: &EnrolmentRequest) -> Result<Enrolment> {
        self.act(|shelf, hands| {
            let device = next_device(shelf, hands.me.device, hands.entropy)?;
            let mut entrusted = Vec::new();
            for no in shelf.tallies()? {
                let row = shelf.tally(no)?;
                let ready = shelf.standing(no)?.is_some_and(|standing| !standing.reconciling);
                if ready && matches!(row.state, TallyState::Open | TallyState::Closing) {
                    entrusted.push(entrust(shelf, hands, &row, device)?);
                }
            }
            let mut plain = Writer::with_capacity(4096);
            plain.array(3).text(&hands.me.name).uint(device.into()).put_list(&entrusted);
            let plain = Zeroizing::new(plain.into_bytes());
            let secret = StaticSecret::from(fresh::<32>(hands.entropy));
            let key = PairKey::agree(&ENROLMENT, &secret, &request.agreement_key)?;
            let nonce: [u8; 24] = fresh(hands.entropy);
            Ok(Enrolment {
                agreement_key: AgreementPublic::from(&secret).to_bytes(),
                nonce,
                sealed: key.seal(&nonce, &plain),
            })
        })
    }

    /// Makes this device's wallet from the answer of another of my devices.
    pub fn enrol(
        store: Store,
        guard: &dyn KeyStore,
        secret: &[u8; 32],
        enrolment: &Enrolment,
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        let key = PairKey::agree(&ENROLMENT, &StaticSecret::from(*secret), &enrolment.agreement_key)?;
        let plain =
            Zeroizing::new(key.open(&enrolment.nonce, &enrolment.sealed).map_err(|_| WalletError::NotForUs)?);
        let mut from = Reader::new(&plain);
        from.array(Enrolment::WHAT, 3)?;
        let (name, device) = (from.text("name", NAME_MAX)?, from.uint32("device")?);
        let entrusted: Vec<Entrusted> = from.take_list("tallies", u64::MAX)?;
        from.end(Enrolment::WHAT)?;
        let mut wallet = Self::create_as(store, guard, &name, None, device, clock, entropy)?;
        wallet.act(|shelf, hands| entrusted.iter().try_for_each(|tally| settle_in(shelf, hands, tally)))?;
        Ok(wallet)
    }

    /// Makes this device's wallet in a new file. The file appears under its name only when everything is in it.
    pub fn enrol_file(
        path: &Path,
        guard: &dyn KeyStore,
        secret: &[u8; 32],
        enrolment: &Enrolment,
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        Self::enrol(Store::draft(path)?, guard, secret, enrolment, clock, entropy)?.published(path)
    }

    /// Takes leave to sign from another device of mine, on every tally. Works forward: what it has signed is still owed.
    pub fn revoke_device(&mut self, device: u32) -> Result<usize> {
        if device == self.me.device {
            return Err(WalletError::Unknown { what: "other device of that number" });
        }
        self.act(|shelf, hands| {
            let mut revoked = 0_usize;
            for no in shelf.tallies()? {
                let (id, side, ..) = shelf.tally_label(no)?;
                let Some(standing) = shelf.standing(no)? else { continue };
                if standing.tip.active(side).any(|known| known.grant.device == device) {
                    settle(shelf, hands, &id, Body::Device(DeviceAct::Revoke { device }))?;
                    revoked = revoked.saturating_add(1);
                }
            }
            if revoked == 0 { Err(WalletError::Unknown { what: "device" }) } else { Ok(revoked) }
        })
    }

    /// Both parties' devices on a tally, as far as is known. Where another phone was restored in the place of this one, this one may not
    /// sign, and says so.
    pub fn devices(&self, tally: &TallyId) -> Result<Vec<DeviceView>> {
        self.look(|shelf| {
            let no = tally_no(shelf, tally)?;
            let (_, my_side, ..) = shelf.tally_label(no)?;
            let standing = standing(shelf, no)?;
            let own = standing.chain.map(|chain| shelf.chain(chain)).transpose()?;
            let tip = standing.tip;
            let mut views: Vec<DeviceView> = Vec::new();
            for known in &tip.devices {
                let (side, device) = (known.side, known.grant.device);
                let first = tip.first_device(side) == Some(device);
                let allowance = if first { None } else { Some(tip.allowance(side, device)?) };
                let mine = side == my_side;
                let here = mine && device == self.me.device;
                // Not where another phone was restored in its place, nor where a copy of it went on.
                let replaced =
                    here && own.as_ref().is_some_and(|own| own.id != known.chain() || !may_sign(own, &tip));
                let view = DeviceView {
                    device,
                    epoch: known.grant.epoch,
                    mine,
                    here,
                    active: known.is_active() && !replaced,
                    signed: known.seq,
                    allowance,
                };
                // A device's epochs come to be in growing order: the last one is the newest.
                match views.iter_mut().find(|held| (held.mine, held.device) == (mine, device)) {
                    Some(held) => *held = view,
                    None => views.push(view),
                }
            }
            Ok(views)
        })
    }
}

/// Enrolments are no tally's business: the key between two devices is agreed under a name no tally has.
const ENROLMENT: TallyId = TallyId([0; 16]);

/// Signs the leave on one tally. The new chain's seed leaves in the sealed answer only; this device keeps no copy.
fn entrust(shelf: &Shelf<'_>, hands: &mut Hands<'_>, row: &TallyRow, device: u32) -> Result<Entrusted> {
    let seed = ForwardSeed::generate(hands.entropy);
    let device_key = SecretKey::from_seed(&fresh(hands.entropy));
    let grant =
        Grant { device, epoch: 1, first_key: seed.key().public().digest(), device_key: device_key.public() };
    settle(shelf, hands, &row.id, Body::Device(DeviceAct::Add(grant)))?;
    let id = ChainId { side: row.side, device, epoch: grant.epoch };
    shelf.add_chain(&new_chain(row.no, id, grant.first_key))?;
    Ok(Entrusted {
        contract: row.contract()?.clone(),
        side: row.side,
        name: row.name.clone(),
        closing: row.state == TallyState::Closing,
        pair: *hands.pair_key(shelf, row.no)?.as_bytes(),
        device_key: *device_key.seed(),
        seed: *seed.as_bytes(),
        messages: everything(shelf, row)?,
    })
}

/// Takes over one tally on the new device.
fn settle_in(shelf: &Shelf<'_>, hands: &mut Hands<'_>, tally: &Entrusted) -> Result<()> {
    let (contract, side) = (&tally.contract, tally.side);
    let mine = contract.tally.half(side);
    let state = if tally.closing { TallyState::Closing } else { TallyState::Open };
    let mut row = blank(contract.tally.id, side, state, tally.name.clone(), false, mine.terms);
    row.no = shelf.add_tally(&row)?;
    row.cert = Some(mine.cert.clone());
    row.partner = Some(contract.tally.half(side.other()).cert.clone());
    row.my_offer = Some(contract.clone());
    row.contract = Some(contract.clone());
    row.pair = Some(hands.vault.seal(PAIR, row.no, &tally.pair, hands.entropy));
    row.device_key = Some(hands.vault.seal(DEVICE_KEY, row.no, &tally.device_key, hands.entropy));
    row.opened = Some(contract.tally.date);
    shelf.put_tally(&row)?;
    for side in Side::BOTH {
        for grant in &contract.tally.half(side).cert.grants {
            let id = ChainId { side, device: grant.device, epoch: grant.epoch };
            shelf.add_chain(&new_chain(row.no, id, grant.first_key))?;
        }
    }
    let seed = ForwardSeed::from_bytes(tally.seed);
    let id = ChainId { side, device: hands.me.device, epoch: 1 };
    let mut own = new_chain(row.no, id, seed.key().public().digest());
    own.no = shelf.add_chain(&own)?;
    own.seed = Some(hands.vault.seal(SEED, own.no, seed.as_bytes(), hands.entropy));
    shelf.put_chain(&own)?;
    open_standing(shelf, &row, contract, Some(own.no))?;
    take_in(shelf, hands, row.no, None, whole(tally.messages.clone()))?;
    // The other device brought these, not the partner: whether the partner has them, its receipts will say.
    for mut chain in shelf.chains(row.no)?.into_iter().filter(|chain| chain.id.side == side) {
        (chain.known, chain.held) = (chain.base, chain.base);
        shelf.put_chain(&chain)?;
    }
    Ok(())
}
