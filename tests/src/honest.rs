//! Two honest people and one of everything they make, the same bytes every time: no clock, no chance, seeds only.

use hazel_core::address::Address;
use hazel_core::admit::grant_digest;
use hazel_core::chit::{Body, ChainId, Chit, DeviceAct, Note, PledgePlace, SignedChit, Variables};
use hazel_core::digest::{Digest, Statement};
use hazel_core::invoice::{Answer, Invoice, Line, Particulars, SignedAnswer, SignedInvoice, Verdict};
use hazel_core::key::{Entropy, ForwardSeed, PartyRoot, SecretKey};
use hazel_core::message::{Handover, Have, Message, Page};
use hazel_core::order::{Certificate, Endorsement, ForkProof, Head, Links, NodeSets, Run, Seal};
use hazel_core::pair::PairKey;
use hazel_core::receipt::{Receipt, SignedReceipt};
use hazel_core::tally::{Date, Grant, Half, Halves, PartyCert, Side, SignedTally, Tally, TallyId, Terms};
use hazel_core::ticket::{Request, SignedRequest, Ticket};
use hazel_core::units::Units;

/// The tally of the two.
pub const TALLY: TallyId = TallyId(*b"hazel vector one");
/// A tally that is none of theirs.
pub const ELSEWHERE: TallyId = TallyId(*b"hazel vector two");
/// When everything happens.
pub const NOW: Date = 1_790_000_000;

/// One party, with all its secrets.
pub struct Person {
    /// Which half it holds.
    pub side: Side,
    /// Where its party, agreement and node keys come from.
    pub root: PartyRoot,
    /// The key of its only device.
    pub device: SecretKey,
    /// The first seed of that device's chain.
    pub first: ForwardSeed,
}

impl Person {
    /// The person of a number.
    #[must_use]
    pub fn new(side: Side, number: u8) -> Self {
        let seed = |part: u8| Digest::of(&[b'p', number, part]).0;
        Self {
            side,
            root: PartyRoot::from_bytes(seed(0)),
            device: SecretKey::from_seed(&seed(1)),
            first: ForwardSeed::from_bytes(seed(2)),
        }
    }

    /// The key that signs contracts.
    #[must_use]
    pub fn party(&self) -> SecretKey {
        self.root.party_key(&TALLY.0)
    }

    /// The key of the person's phone as a node.
    #[must_use]
    pub fn node(&self) -> SecretKey {
        self.root.node_key(&TALLY.0)
    }

    /// The public half of the key agreement.
    #[must_use]
    pub fn agreement(&self) -> [u8; 32] {
        x25519_dalek::PublicKey::from(&self.root.agreement_key(&TALLY.0)).to_bytes()
    }

    /// The chain of the person's device.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        ChainId { side: self.side, device: 1, epoch: 0 }
    }

    /// Leave for the device.
    #[must_use]
    pub fn grant(&self) -> Grant {
        let first_key = self.first.key().public().digest();
        Grant { device: 1, epoch: 0, first_key, device_key: self.device.public() }
    }

    /// Who the person is on the tally.
    #[must_use]
    pub fn cert(&self, name: &str) -> PartyCert {
        PartyCert {
            party_key: self.party().public(),
            agreement_key: self.agreement(),
            name: name.to_owned(),
            address: None,
            grants: vec![self.grant()],
            nodes: vec![self.node().public()],
        }
    }

    /// The chits of the person's chain that say these things, from the beginning.
    #[must_use]
    pub fn chits(&self, bodies: &[Body]) -> Vec<SignedChit> {
        let (mut seed, mut before) = (self.first.clone(), Digest::default());
        let mut signed = Vec::new();
        for (place, body) in (1..).zip(bodies) {
            let chit = Chit {
                tally: TALLY,
                chain: self.chain(),
                seq: place,
                prev_own: before,
                next_key: seed.next().key().public().digest(),
                date: NOW,
                body: body.clone(),
            };
            before = chit.hash();
            signed.push(chit.sign(&seed.key()));
            seed = seed.next();
        }
        signed
    }

    /// The first chit of the person's chain.
    #[must_use]
    pub fn chit(&self, body: Body) -> SignedChit {
        let chit = Chit {
            tally: TALLY,
            chain: self.chain(),
            seq: 1,
            prev_own: Digest::default(),
            next_key: self.first.next().key().public().digest(),
            date: NOW,
            body,
        };
        chit.sign(&self.first.key())
    }
}

/// The two, and what is between them.
pub struct Pair {
    /// Holds the stock.
    pub stock: Person,
    /// Holds the foil.
    pub foil: Person,
}

impl Pair {
    /// The two of all vectors.
    #[must_use]
    pub fn new() -> Self {
        Self { stock: Person::new(Side::Stock, 1), foil: Person::new(Side::Foil, 2) }
    }

    /// What the two alone know.
    #[must_use]
    pub fn key(&self) -> Option<PairKey> {
        PairKey::agree(&TALLY, &self.stock.root.agreement_key(&TALLY.0), &self.foil.agreement()).ok()
    }

    /// Who speaks for each half.
    #[must_use]
    pub fn nodes(&self) -> NodeSets {
        let of = |person: &Person| vec![person.node().public()];
        Halves { stock: of(&self.stock), foil: of(&self.foil) }
    }

    /// Their contract, unsigned.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let half = |person: &Person, name| Half { cert: person.cert(name), terms: terms() };
        Tally {
            id: TALLY,
            revision: 1,
            date: NOW,
            contract: Digest::of(b"the text of the contract"),
            denomination: "CHIP".to_owned(),
            halves: Halves { stock: half(&self.stock, "Ana"), foil: half(&self.foil, "Béla") },
        }
    }

    /// Their contract, signed by both.
    #[must_use]
    pub fn contract(&self) -> SignedTally {
        SignedTally::draft(self.tally())
            .signed(Side::Stock, &self.stock.party())
            .signed(Side::Foil, &self.foil.party())
    }

    /// The ticket that the stock's holder showed.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        Ticket {
            tally: TALLY,
            role: Side::Stock,
            meeting_key: self.stock.agreement(),
            party_commitment: self.stock.party().public().digest(),
            nonce: [7; 16],
            expires: NOW.saturating_add(3600),
            terms: terms(),
            name: "Ana".to_owned(),
            rendezvous: vec!["face to face".to_owned()],
        }
    }

    /// The foil's answer to it.
    #[must_use]
    pub fn request(&self) -> Request {
        Request { tally: TALLY, nonce: [7; 16], cert: self.foil.cert("Béla"), terms: terms() }
    }

    /// The same, signed.
    #[must_use]
    pub fn signed_request(&self) -> SignedRequest {
        self.request().sign(&self.foil.party())
    }

    /// An invoice of the stock's holder.
    #[must_use]
    pub fn invoice(&self) -> Option<Invoice> {
        let nonce = [5; 8];
        let sealed = Invoice::seal(&particulars(), &self.key()?, &TALLY, &nonce);
        Some(Invoice {
            tally: TALLY,
            by: self.stock.chain(),
            date: NOW,
            expires: NOW.saturating_add(86_400),
            units: Units::new(12_500),
            supersedes: None,
            sealed,
            nonce,
        })
    }

    /// The same, signed.
    #[must_use]
    pub fn signed_invoice(&self) -> Option<SignedInvoice> {
        Some(self.invoice()?.sign(&self.stock.device))
    }

    /// A word of one of the two about that invoice.
    #[must_use]
    pub fn answer(&self, verdict: Verdict) -> Option<Answer> {
        let by = match verdict {
            Verdict::Declined => self.foil.chain(),
            Verdict::Withdrawn => self.stock.chain(),
        };
        Some(Answer { tally: TALLY, by, invoice: self.invoice()?.id(), verdict, date: NOW })
    }

    /// The same, signed.
    #[must_use]
    pub fn signed_answer(&self, verdict: Verdict) -> Option<SignedAnswer> {
        let device = match verdict {
            Verdict::Declined => &self.foil.device,
            Verdict::Withdrawn => &self.stock.device,
        };
        Some(self.answer(verdict)?.sign(device))
    }

    /// The payment that answers the invoice, with a sealed note.
    #[must_use]
    pub fn pledge(&self) -> Option<Body> {
        let units = Units::new(12_500);
        let place = PledgePlace { tally: TALLY, chain: self.foil.chain(), seq: 1, date: NOW, units };
        let sealed = note().seal(&self.key()?, &place);
        Some(Body::Pledge { units, invoice: Some(self.invoice()?.id()), sealed })
    }

    /// What the stock's device holds of the foil's chain.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        let hash = self.foil.chit(plain(12_500)).chit.hash();
        Receipt { tally: TALLY, by: self.stock.chain(), chain: self.foil.chain(), seq: 1, hash }
    }

    /// The same, signed.
    #[must_use]
    pub fn signed_receipt(&self) -> SignedReceipt {
        self.receipt().sign(&self.stock.device)
    }

    /// The order after the foil's first payment.
    #[must_use]
    pub fn head(&self) -> Head {
        Head::start(TALLY, 0, self.tally().digest()).then(&self.foil.chit(plain(12_500)).chit.hash())
    }

    /// The foil's word for it.
    #[must_use]
    pub fn endorsement(&self) -> Endorsement {
        self.head().endorse(&self.foil.node())
    }

    /// Both words for it.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        let words = [&self.stock, &self.foil].map(|person| self.head().endorse(&person.node()));
        Certificate { head: self.head(), words: words.iter().map(|it| (it.key, it.signature)).collect() }
    }

    /// How the order goes on.
    #[must_use]
    pub fn links(&self) -> Links {
        let last = self.foil.chit(plain(12_500)).chit.hash();
        let run = Run { view: 0, chain: self.foil.chain(), first: 1, count: 1, last };
        Links { after: 0, runs: vec![run], endorsement: self.endorsement() }
    }

    /// One key, two payments.
    #[must_use]
    pub fn forked_chain(&self) -> ForkProof {
        let chit = |milli| Box::new(self.foil.chit(plain(milli)));
        ForkProof::Chits(chit(12_500), chit(99_000))
    }

    /// One node, two orders.
    #[must_use]
    pub fn forked_order(&self) -> ForkProof {
        let start = Head::start(TALLY, 0, self.tally().digest());
        let word = |milli| start.then(&self.foil.chit(plain(milli)).chit.hash()).endorse(&self.foil.node());
        ForkProof::Orders(Box::new(word(12_500)), Box::new(word(99_000)))
    }

    /// Two payments in a row.
    #[must_use]
    pub fn page(&self) -> Option<Page> {
        Page::of(&self.foil.chits(&[plain(12_500), plain(700)]))
    }

    /// How far the stock's memory goes.
    #[must_use]
    pub fn have(&self) -> Option<Have> {
        let head = self.head();
        let last = self.foil.chit(plain(12_500)).chit.hash();
        Some(Have {
            tally: TALLY,
            contract: self.tally().digest(),
            chains: vec![(self.foil.chain(), 1, last)],
            view: head.view,
            index: head.index,
            hash: head.hash,
            agreed: 0,
            invoices: vec![self.invoice()?.id()],
            restored: false,
        })
    }

    /// The last word of the foil.
    #[must_use]
    pub fn seal(&self) -> Seal {
        Seal { head: self.head(), chains: vec![(self.foil.chain(), 1)] }
    }

    /// One of each body.
    #[must_use]
    pub fn bodies(&self) -> Option<Vec<Body>> {
        let by_party =
            self.foil.party().sign(Statement::Grant, &grant_digest(&TALLY, Side::Foil, &self.foil.grant()));
        Some(vec![
            self.pledge()?,
            plain(12_500),
            Body::Set(Variables {
                target: Units::new(-5),
                bound: Units::new(7_000),
                reward: -1_000,
                clutch: 250,
            }),
            Body::Terms { terms: terms(), from: NOW },
            Body::Call { down_to: Units::new(1_000), by: NOW },
            Body::Accept { chit: self.foil.chit(plain(1)).chit.reference() },
            Body::Device(DeviceAct::Add(Person::new(Side::Foil, 3).grant())),
            Body::Device(DeviceAct::Revoke { device: 2 }),
            Body::Device(DeviceAct::Epoch { grant: self.foil.grant(), by_party }),
            Body::Device(DeviceAct::Hand { to: 2, units: Units::new(500) }),
            Body::Nodes { epoch: 1, nodes: vec![self.foil.node().public()] },
            Body::Close,
            Body::Seal(self.seal()),
        ])
    }

    /// One message of each kind.
    #[must_use]
    pub fn messages(&self) -> Option<Vec<Message>> {
        Some(vec![
            Message::Request(Box::new(self.signed_request())),
            Message::Offer(Box::new(self.contract())),
            Message::Refuse { tally: TALLY, version: self.tally().digest() },
            Message::Chits(self.page()?),
            Message::Links(self.links()),
            Message::Endorsement(self.endorsement()),
            Message::Receipt(self.signed_receipt()),
            Message::Invoice(self.signed_invoice()?),
            Message::Answer(self.signed_answer(Verdict::Declined)?),
            Message::Have(self.have()?),
            Message::Certificate(self.certificate()),
            Message::Proof(self.forked_chain()),
        ])
    }

    /// Messages as a stranger sees them.
    #[must_use]
    pub fn handover(&self, introduced: bool) -> Option<Handover> {
        let introduction = introduced.then(|| self.foil.agreement());
        let refusal = Message::Refuse { tally: TALLY, version: self.tally().digest() };
        Some(Handover::seal(&[refusal], &self.key()?, Side::Foil, introduction, &mut Counting(0)))
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

/// A payment that says nothing but how much.
#[must_use]
pub const fn plain(milli: i64) -> Body {
    Body::Pledge { units: Units::new(milli), invoice: None, sealed: None }
}

/// A limit of a hundred, thirty days of notice.
#[must_use]
pub const fn terms() -> Terms {
    Terms { limit: Units::new(100_000), notice_days: 30 }
}

/// What two people write about a coffee.
#[must_use]
pub fn note() -> Note {
    Note { memo: "two coffees".to_owned(), reference: "T-7".to_owned() }
}

/// What a shop writes about it.
#[must_use]
pub fn particulars() -> Particulars {
    let line = Line { text: "coffee".to_owned(), count: 2, units: Units::new(12_500) };
    Particulars { memo: "table 7".to_owned(), lines: vec![line] }
}

/// An address with every part.
#[must_use]
pub fn address() -> Option<Address> {
    Address::new("ana", "U2F3W5", "example.org", 65430).ok()
}

/// Where chance would be.
pub struct Counting(pub u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}
