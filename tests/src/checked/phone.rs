//! One phone of one half, on rows in memory: signs, tells, hears, is restored. Every decision about chits and their order is made by the
//! production rules (`intake`, `ordering`, `telling`, `admit`); what the wallet's verbs add around them is repeated here and named.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use hazel_core::admit::{ChitAdmission, ChitGround, Unverified, admit, grant_digest, prove};
use hazel_core::book::{Book, Phase};
use hazel_core::chit::{Body, ChainId, Chit, DeviceAct, SignedChit};
use hazel_core::digest::{Digest, Statement};
use hazel_core::intake::{End, append, chain_for, ground_of, new_chain};
use hazel_core::key::{ForwardSeed, SecretKey};
use hazel_core::message::{Have, Message};
use hazel_core::order::{Endorsement, Links, Seal};
use hazel_core::ordering::{cut, endorse, find, follow, keep_word, open_view, retip, settle, takes_over};
use hazel_core::rows::Rows as _;
use hazel_core::store::Standing;
use hazel_core::tally::{Grant, Halves, Side, SignedTally};
use hazel_core::telling;
use hazel_core::units::Units;

use super::Bug;
use super::desk::{Desk, Drawer};
use crate::honest::{NOW, Person, TALLY};

/// The short name of the only tally.
const NO: i64 = 1;

/// Everything one phone can tell at one time.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who tells it: the number of the phone.
    pub from: usize,
    /// A hash over all of it.
    pub digest: Digest,
    chits: Vec<Unverified<SignedChit>>,
    links: Option<Links>,
    words: Vec<Endorsement>,
    have: Have,
}

/// A phone.
#[derive(Debug, Clone)]
pub struct Phone {
    /// Its half.
    pub side: Side,
    /// Its device's number; only the first device holds the root and speaks for the order.
    pub device: u32,
    /// The chain it signs on, until it is restored.
    pub chain: ChainId,
    /// Its rows.
    pub drawer: Drawer,
    /// Its standing.
    pub standing: Standing,
    /// Whether it has taken the tally for closed.
    pub closed: bool,
}

/// The seed with which a chain begins.
#[must_use]
pub fn first_seed(chain: ChainId) -> ForwardSeed {
    let side = u8::from(chain.side == Side::Foil);
    let (device, epoch) = (chain.device.to_be_bytes(), chain.epoch.to_be_bytes());
    ForwardSeed::from_bytes(Digest::of_parts(&[b"checked", &[side], &device, &epoch]).0)
}

/// The key of a place of a chain. The same few are asked for in every state.
fn key_at(chain: ChainId, seq: u64) -> SecretKey {
    static KNOWN: Mutex<BTreeMap<(ChainId, u64), SecretKey>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("nobody stops while it holds the keys");
    let key = known
        .entry((chain, seq))
        .or_insert_with(|| (1..seq).fold(first_seed(chain), |seed, _| seed.next()).key());
    key.clone()
}

/// Who holds each half, with the keys that are asked for in every state.
struct Holder {
    person: Person,
    node: SecretKey,
    party: SecretKey,
}

static HOLDERS: LazyLock<Halves<Holder>> = LazyLock::new(|| {
    let holder = |side, number| {
        let person = Person::new(side, number);
        Holder { node: person.node(), party: person.party(), person }
    };
    Halves { stock: holder(Side::Stock, 1), foil: holder(Side::Foil, 2) }
});

/// Who holds a half.
pub fn person(side: Side) -> &'static Person {
    &HOLDERS.of(side).person
}

/// The key with which a half's phone speaks for the order.
pub fn node(side: Side) -> &'static SecretKey {
    &HOLDERS.of(side).node
}

/// The key that signs contracts for a half.
pub fn party(side: Side) -> &'static SecretKey {
    &HOLDERS.of(side).party
}

impl Phone {
    /// A phone on which nothing happened.
    #[must_use]
    pub fn new(contract: &Arc<SignedTally>, side: Side, device: u32, bug: Bug) -> Self {
        let mut chains = Vec::new();
        for half in Side::BOTH {
            for grant in &contract.tally.half(half).cert.grants {
                let id = ChainId { side: half, device: grant.device, epoch: grant.epoch };
                let mut chain = new_chain(NO, id, grant.first_key);
                chain.no = chains.len() as i64 + 1;
                chains.push(chain);
            }
        }
        let mut drawer = Drawer::new(Arc::clone(contract), chains);
        drawer.forgets_answers = bug == Bug::ForgetAnswers;
        let book = Book::open(&contract.tally, 0);
        let standing = Standing {
            tally: NO,
            tip: book.clone(),
            book,
            arrivals: 0,
            agreed: 0,
            final_index: 0,
            final_paid: Halves::default(),
            chain: None,
            reconciling: false,
            owed: 0,
            met: None,
        };
        Self { side, device, chain: ChainId { side, device, epoch: 0 }, drawer, standing, closed: false }
    }

    fn on_desk<T>(&mut self, act: impl FnOnce(&Desk, &mut Standing) -> T) -> T {
        let empty = Drawer::new(Arc::clone(&self.drawer.contract), Vec::new());
        let desk = Desk::open(std::mem::replace(&mut self.drawer, empty));
        let done = act(&desk, &mut self.standing);
        self.drawer = desk.close();
        done
    }

    /// Signs on its own chain. Returns the key's hash and the chit's.
    pub fn sign(&mut self, body: Body) -> (Digest, Digest) {
        let id = self.chain;
        self.on_desk(|desk, standing| {
            let chains = desk.chains(NO).expect("rows in memory");
            let row = chains.into_iter().rfind(|row| row.id == id).expect("a phone has a chain");
            let seq = row.seq + 1;
            let next_key = key_at(id, seq + 1).public().digest();
            let chit = Chit { tally: TALLY, chain: id, seq, prev_own: row.hash, next_key, date: NOW, body };
            let signed = chit.sign(&key_at(id, seq));
            let mut row = row;
            append(desk, End::of(standing), &mut row, &signed).expect("own chits are in place");
            desk.put_chain(&row).expect("rows in memory");
            (signed.key.digest(), signed.chit.hash())
        })
    }

    /// Says what its node has to say. Only a first device speaks, and none that waits for its partner's word.
    pub fn speak(&mut self, bug: Bug) {
        let (side, key) = (self.side, node(self.side));
        let silent = self.device != 1 || self.standing.reconciling;
        self.on_desk(|desk, standing| {
            if !silent {
                if side == Side::Foil && takes_over(standing, &key.public()) {
                    open_view(desk, standing, 0, 0).expect("views are few");
                }
                endorse(desk, key, side, standing).expect("rows in memory");
            }
            if bug == Bug::OneSide {
                for word in desk.endorsements(NO).expect("rows in memory") {
                    let twin = Endorsement { key: node(side.other()).public(), ..word };
                    keep_word(desk, NO, &twin).expect("rows in memory");
                }
            }
            settle(desk, standing).expect("rows in memory");
        });
        self.follow_phase(bug);
    }

    /// The wallet's `follow_phase`: seals at zero, and closes when both have sealed in the order.
    fn follow_phase(&mut self, bug: Bug) {
        let (side, standing) = (self.side, &self.standing);
        let book = &standing.book;
        let loose = self.drawer.chits.values().filter(|kept| kept.place == 0);
        let level = book.phase != Phase::Open
            && book.balance(side) == Ok(Units::ZERO)
            && book.outside == Halves::default()
            && loose.map(|kept| &kept.signed.chit.body).all(|body| body.pledged().is_none());
        let may = self.device == 1 && !standing.reconciling && !*standing.tip.sealed.of(side);
        if level && may && book.phase == Phase::Closing {
            let own = self.drawer.chains.iter().filter(|chain| chain.id.side == side && chain.seq > 0);
            let chains = own.map(|chain| (chain.id, chain.seq)).collect();
            let head = book.head;
            self.sign(Body::Seal(Seal { head, chains }));
        }
        let book = if bug == Bug::CloseByTip { &self.standing.tip } else { &self.standing.book };
        self.closed |= book.phase == Phase::Closed;
    }

    /// Everything it can tell.
    #[must_use]
    pub fn letter(&mut self, from: usize) -> Letter {
        let contract = self.drawer.contract.tally.digest();
        let (have, told) = self.on_desk(|desk, standing| {
            let have = telling::summary(desk, standing).expect("rows in memory");
            let blank =
                Have { chains: Vec::new(), index: 0, hash: contract, agreed: 0, view: 0, ..have.clone() };
            (have, telling::answer(desk, standing, &blank).expect("rows in memory"))
        });
        let mut letter = Letter {
            from,
            digest: Digest::default(),
            chits: Vec::new(),
            links: None,
            words: Vec::new(),
            have,
        };
        for message in told.messages {
            match message {
                Message::Chits(page) => letter.chits.extend(page.unfold().into_iter().map(Unverified::from)),
                Message::Links(links) => letter.links = Some(links),
                _ => {}
            }
        }
        // Every signature is proven here, once; a letter that is heard twice need not be proven again.
        prove(&mut letter.chits, 1);
        letter.words = self.drawer.words.values().copied().collect();
        letter.digest = letter.name();
        letter
    }

    /// Takes a letter in.
    pub fn hear(&mut self, letter: &Letter, bug: Bug) {
        self.on_desk(|desk, standing| {
            for claim in &letter.chits {
                take_chit(desk, standing, claim);
            }
        });
        if let Some(links) = &letter.links {
            self.hear_links(links);
        }
        self.on_desk(|desk, _| {
            for word in &letter.words {
                keep_word(desk, NO, word).expect("rows in memory");
            }
        });
        self.hear_summary(&letter.have, bug);
        if bug == Bug::AnyHead && self.side == Side::Stock {
            let foil = node(Side::Foil).public();
            let heard = letter.words.iter().find(|word| word.key == foil).map(|word| word.head);
            if let Some(head) = heard {
                let word = head.endorse(node(Side::Stock));
                self.drawer.words.insert(word.key.0, word);
            }
        }
        self.speak(bug);
    }

    /// An order that is refused leaves nothing behind: on a phone the transaction sees to that, here a copy.
    fn hear_links(&mut self, links: &Links) {
        let in_office = self.standing.tip.nodes.foil.contains(&links.endorsement.key);
        if !in_office && !self.standing.reconciling {
            return;
        }
        let before = (self.drawer.clone(), self.standing.clone());
        let followed = self.on_desk(|desk, standing| {
            let followed = follow(desk, standing, links).is_ok();
            if followed {
                keep_word(desk, NO, &links.endorsement).expect("rows in memory");
            }
            followed
        });
        if !followed {
            (self.drawer, self.standing) = before;
        }
    }

    /// The wallet's `answer_summary` as far as it changes anything: the stock's promise, the foil's answer to a higher view, and the end of a
    /// restore.
    fn hear_summary(&mut self, have: &Have, bug: Bug) {
        let side = self.side;
        let first = self.device == 1;
        let ends = self.on_desk(|desk, standing| {
            if have.restored && side == Side::Stock && first && have.view > standing.book.head.view {
                standing.book.head.view = have.view;
                retip(desk, standing).expect("rows in memory");
            }
            let complete = have.chains.iter().all(|(id, seq, hash)| {
                let named = hazel_core::chit::ChitRef { chain: *id, seq: *seq, hash: *hash };
                find(desk, NO, &named).is_ok_and(|found| found.is_some())
            });
            standing.reconciling |=
                side == Side::Foil && first && complete && have.view > standing.book.head.view;
            if !standing.reconciling {
                return false;
            }
            settle(desk, standing).expect("rows in memory");
            if side == Side::Foil && have.view != standing.book.head.view && bug != Bug::NoView {
                if have.view > standing.book.head.view {
                    open_view(desk, standing, have.view, 0).expect("views are few");
                }
                return false;
            }
            complete && have.agreed <= standing.agreed
        });
        if ends {
            self.begin_epoch(bug);
        }
    }

    /// The wallet's `begin_epoch` after a restore.
    fn begin_epoch(&mut self, bug: Bug) {
        let side = self.side;
        self.on_desk(|desk, standing| {
            if side == Side::Foil {
                let agreed = standing.agreed;
                cut(desk, standing, agreed).expect("rows in memory");
            }
            standing.reconciling = false;
        });
        if bug == Bug::ContinueChain {
            return;
        }
        let own =
            self.standing.tip.devices.iter().filter(|d| d.side == side && d.grant.device == self.device);
        let epoch = own.map(|device| device.grant.epoch).max().unwrap_or(0) + 1;
        let chain = ChainId { side, device: self.device, epoch };
        let person = person(side);
        let first_key = first_seed(chain).key().public().digest();
        let grant = Grant { device: self.device, epoch, first_key, device_key: person.device.public() };
        let by_party = party(side).sign(Statement::Grant, &grant_digest(&TALLY, side, &grant));
        let mut row = new_chain(NO, chain, first_key);
        row.no = self.drawer.chains.len() as i64 + 1;
        self.drawer.chains.push(row);
        self.chain = chain;
        self.sign(Body::Device(DeviceAct::Epoch { grant, by_party }));
    }

    /// The phone is lost; an older memory of it comes back.
    pub fn restored(&mut self, bug: Bug) {
        self.standing.reconciling = true;
        self.closed = false;
        if self.side == Side::Foil && bug != Bug::NoView {
            self.on_desk(|desk, standing| open_view(desk, standing, 0, 0).expect("views are few"));
        }
    }
}

impl Letter {
    fn name(&self) -> Digest {
        let mut bytes = vec![u8::try_from(self.from).unwrap_or(u8::MAX), u8::from(self.have.restored)];
        for chit in &self.chits {
            bytes.extend(chit.claim().signature.0.iter().take(16));
        }
        for word in &self.words {
            bytes.extend(word.signature.0.iter().take(16));
        }
        if let Some(links) = &self.links {
            bytes.extend(links.endorsement.signature.0.iter().take(16));
        }
        for number in [self.have.view, self.have.index, self.have.agreed] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(self.have.hash.0);
        Digest::of(&bytes)
    }

    /// The words in it.
    #[must_use]
    pub fn words(&self) -> &[Endorsement] {
        &self.words
    }
}

/// One chit at the door and onto its chain, as a site and a wallet take it in. What has nothing to follow waits for another letter.
fn take_chit(desk: &Desk, standing: &mut Standing, claim: &Unverified<SignedChit>) {
    let chit = &claim.claim().chit;
    if find(desk, NO, &chit.reference()).is_ok_and(|found| found.is_some()) {
        return;
    }
    let (promised, here) = ground_of(desk, NO, standing, chit).expect("rows in memory");
    let party_key = desk.contract(NO).expect("rows in memory").tally.half(chit.chain.side).cert.party_key;
    let ground = ChitGround { tally: &TALLY, party_key: &party_key, promised, here: &here };
    let verified = match admit(claim.clone(), &ground) {
        Ok(ChitAdmission::New(chit) | ChitAdmission::Fork(chit, _)) => chit,
        Ok(ChitAdmission::Known | ChitAdmission::Gap) | Err(_) => return,
    };
    let signed = verified.into_it();
    let mut chain = chain_for(desk, NO, &signed).expect("rows in memory");
    append(desk, End::of(standing), &mut chain, &signed).expect("small amounts");
    desk.put_chain(&chain).expect("rows in memory");
}
