//! People whose keys follow from their numbers, the tallies between them, and what they sign.

use hazel_core::canon::Canon as _;
use hazel_core::chit::{Body as ChitBody, ChainId, Chit, SignedChit};
use hazel_core::claim::{Claim, Hosting};
use hazel_core::digest::Digest;
use hazel_core::key::{ForwardSeed, PublicKey, SecretKey};
use hazel_core::message::{Have, Message, Page};
use hazel_core::order::{Certificate, Head};
use hazel_core::tally::{Grant, Half, Halves, PartyCert, Side, SignedTally, Tally, TallyId, Terms};
use hazel_core::units::Units;

use crate::letter::{Body, Letter};
use crate::store::{MemberRow, SiteStore, StoreError, shard_of};

/// Everything is signed on one day.
const DAY: u64 = 1_760_000_000;
/// Halves that are put into one transaction.
const FILL: u64 = 2_000;

fn seed(what: &str, number: u64) -> [u8; 32] {
    Digest::of_parts(&[b"hazel load ", what.as_bytes(), &number.to_be_bytes()]).0
}

/// Somebody: a party, a device, a chain, a link to a site.
pub struct Person {
    number: u64,
    party: SecretKey,
    cert: PartyCert,
}

impl Person {
    /// The one with this number. Their nodes are named for each tally.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let party = SecretKey::from_seed(&seed("party", number));
        let first = ForwardSeed::from_bytes(seed("chain", number)).key();
        let grant = Grant {
            device: 1,
            epoch: 0,
            first_key: first.public().digest(),
            device_key: SecretKey::from_seed(&seed("device", number)).public(),
        };
        let cert = PartyCert {
            party_key: party.public(),
            agreement_key: seed("agreement", number),
            name: format!("person {number}"),
            address: None,
            grants: vec![grant],
            nodes: Vec::new(),
        };
        Self { number, party, cert }
    }

    /// The key of this person's link to a site.
    #[must_use]
    pub fn link(&self) -> hazel_sync::SecretKey {
        hazel_sync::SecretKey::new(seed("link", self.number))
    }
}

/// How many people and tallies there are, and which sites speak for them. Each foil's holder has the same number of tallies, each with
/// another partner.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// People who hold foils.
    pub people: u64,
    /// Tallies.
    pub tallies: u64,
    /// The sites that speak for stocks and for foils, named in every contract.
    pub sites: Halves<PublicKey>,
}

impl Plan {
    /// Who holds the foil of a tally.
    #[must_use]
    pub fn holder(&self, tally: u64) -> u64 {
        tally.checked_rem(self.people).unwrap_or(0)
    }

    /// The contract of a tally, signed by both.
    #[must_use]
    pub fn contract(&self, tally: u64, stock: &Person, foil: &Person) -> SignedTally {
        let terms = Terms { limit: Units::new(1_000_000_000_000), notice_days: 7 };
        let half = |person: &Person, side: Side| Half {
            cert: PartyCert { nodes: vec![*self.sites.of(side)], ..person.cert.clone() },
            terms,
        };
        let text = Tally {
            id: TallyId(Digest(seed("tally", tally)).first()),
            revision: 1,
            date: DAY,
            contract: Digest::of(b"a contract"),
            denomination: "CHIP".into(),
            halves: Halves { stock: half(stock, Side::Stock), foil: half(foil, Side::Foil) },
        };
        SignedTally::draft(text).signed(Side::Stock, &stock.party).signed(Side::Foil, &foil.party)
    }

    /// "This half is mine", as the wallet of its holder says it on its first visit; with the key of that wallet's link.
    #[must_use]
    pub fn claim(&self, tally: u64) -> ([u8; 32], Vec<u8>) {
        let foil = Person::new(self.holder(tally));
        let contract = self.contract(tally, &Person::new(self.partner()), &foil);
        let (id, half, user) = (contract.tally.id, Side::Foil, foil.link().public().0);
        let claim = Hosting { tally: id, side: half, site: self.sites.foil, user }.sign(&foil.party);
        let body = Body::Claim { contract: Box::new(contract), claim: Box::new(claim) };
        (user, Letter { tally: id, half, body }.to_bytes())
    }

    /// What the holder of a tally's foil signs there.
    #[must_use]
    pub fn pen(&self, tally: u64) -> Pen {
        let foil = Person::new(self.holder(tally));
        let contract = self.contract(tally, &Person::new(self.partner()), &foil);
        let digest = contract.tally.digest();
        Pen {
            head: Head::start(contract.tally.id, 0, digest),
            contract: digest,
            nodes: Halves { stock: vec![self.sites.stock], foil: vec![self.sites.foil] },
            seed: ForwardSeed::from_bytes(seed("chain", foil.number)),
            seq: 0,
            prev: Digest::default(),
        }
    }

    /// One partner of all: whose site keeps the stocks.
    const fn partner(&self) -> u64 {
        self.people
    }

    /// Puts people, halves and claims of one side into a site's store, tallies `from` to `upto`. Tells after each transaction how many are in.
    pub fn fill<S: SiteStore>(
        &self,
        store: &mut S,
        side: Side,
        register: &mut Register,
        upto: u64,
        told: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        let shards = store.shards();
        while register.filled < upto {
            let next = register.filled.saturating_add(FILL).min(upto);
            let mut rows = Vec::new();
            for tally in register.filled..next {
                let holder = self.holder(tally);
                register.meet(holder);
                register.meet(self.partner());
                let (Some(stock), Some(foil)) = (register.person(self.partner()), register.person(holder))
                else {
                    continue;
                };
                let contract = self.contract(tally, stock, foil);
                let owner = if side == Side::Foil { foil } else { stock };
                let user = owner.link().public().0;
                let hosting = Hosting { tally: contract.tally.id, side, site: *self.sites.of(side), user };
                rows.push((contract, hosting.sign(&owner.party)));
            }
            for shard in 0..shards {
                let mine = |claim: &Claim| shard_of(&claim.hosting.user, shards) == shard;
                let part: Vec<_> = rows.iter().filter(|(_, claim)| mine(claim)).collect();
                store.change(shard, &mut |desk| {
                    for (contract, claim) in &part {
                        let key = claim.hosting.user;
                        desk.put_member(&MemberRow { key, name: "somebody".into(), since: DAY })?;
                        let half = desk.open_half(side, contract.clone())?;
                        desk.put_claim(half.no, claim)?;
                    }
                    Ok(())
                })?;
            }
            register.filled = next;
            told(next);
        }
        Ok(())
    }
}

/// Everybody who was met already: their keys are made once.
#[derive(Default)]
pub struct Register {
    people: std::collections::BTreeMap<u64, Person>,
    filled: u64,
}

impl Register {
    fn meet(&mut self, number: u64) {
        self.people.entry(number).or_insert_with(|| Person::new(number));
    }

    /// Somebody who was met.
    #[must_use]
    pub fn person(&self, number: u64) -> Option<&Person> {
        self.people.get(&number)
    }
}

/// Somebody's pen on one tally: signs pledges in a chain, and knows the order they will have if nobody else signs.
pub struct Pen {
    head: Head,
    contract: Digest,
    nodes: Halves<Vec<PublicKey>>,
    seed: ForwardSeed,
    seq: u64,
    prev: Digest,
}

impl Pen {
    const CHAIN: ChainId = ChainId { side: Side::Foil, device: 1, epoch: 0 };

    /// Signs the next pledge.
    #[must_use]
    pub fn pledge(&mut self) -> SignedChit {
        let key = self.seed.key();
        self.seed = self.seed.next();
        self.seq = self.seq.saturating_add(1);
        let chit = Chit {
            tally: self.head.tally,
            chain: Self::CHAIN,
            seq: self.seq,
            prev_own: self.prev,
            next_key: self.seed.key().public().digest(),
            date: DAY,
            // As long as a sealed memo of twenty letters.
            body: ChitBody::Pledge { units: Units::new(10), invoice: None, sealed: Some(vec![7; 60]) },
        };
        let signed = chit.sign(&key);
        self.prev = signed.chit.hash();
        self.head = self.head.then(&self.prev);
        signed
    }

    /// Signs the next pledge, in a letter as a wallet sends it: the chit, and how far the wallet's memory goes.
    #[must_use]
    pub fn letter(&mut self) -> Vec<u8> {
        let before = self.head;
        let chit = self.pledge();
        let have = Have {
            tally: before.tally,
            contract: self.contract,
            chains: vec![(Self::CHAIN, self.seq, self.prev)],
            view: before.view,
            index: before.index,
            hash: before.hash,
            agreed: before.index,
            invoices: Vec::new(),
            restored: false,
        };
        let messages =
            Page::of(&[chit]).map(Message::Chits).into_iter().chain([Message::Have(have)]).collect();
        let body = Body::Messages { ask: true, messages };
        Letter { tally: before.tally, half: Side::Foil, body }.to_bytes()
    }

    /// Whether a letter of a site's proves that everything signed here is final: nodes of both halves stand for this very order.
    #[must_use]
    pub fn is_final(&self, letter: &[u8]) -> bool {
        let Ok(Letter { body: Body::Messages { messages, .. }, .. }) = Letter::from_bytes(letter) else {
            return false;
        };
        let proves = |certificate: &Certificate| {
            certificate.head == self.head && certificate.check(&self.nodes).is_ok()
        };
        messages.iter().any(|message| matches!(message, Message::Certificate(it) if proves(it)))
    }

    /// The order so far.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }
}
