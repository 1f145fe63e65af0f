//! What a letter brings is judged by the same door and taken in by the same rules as in a wallet.

use hazel_core::admit::{ChitAdmission, ChitGround, NodeGround, Refusal, Unverified, Verified, admit};
use hazel_core::book::Flag;
use hazel_core::canon::Canon as _;
use hazel_core::chit::{Body, ChainId, DeviceAct, SignedChit};
use hazel_core::intake::{End, append, chain_for, ground_of, new_chain};
use hazel_core::key::PublicKey;
use hazel_core::message::{Have, Message, Page};
use hazel_core::order::{Certificate, Endorsement, ForkProof, Links, NodeSets};
use hazel_core::ordering::{Linked, OrderingError, adopt, find, follow, keep_word, named, takes_over};
use hazel_core::rows::Rows as _;
use hazel_core::store::{ChainRow, Standing, StoreError};

use crate::store::{Desk, HalfRow};

/// The most that may wait for missing chits, for each user or site that brings it.
pub const PARKED_MAX: u64 = 1 << 20;

/// What came of the messages of one letter.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Chits that were not held before, in the order in which they came in.
    pub(super) fresh: Vec<SignedChit>,
    /// What was not let in.
    pub(super) refused: Vec<(u64, Refusal)>,
    /// Receipts, invoices and answers that were not held before.
    pub(super) notes: Vec<Message>,
    /// Summaries, to be answered when everything else is done.
    pub(super) summaries: Vec<Have>,
    /// Something is missing here: the sender should be asked.
    pub(super) missing: bool,
    /// Proofs that somebody has lied.
    pub(super) proofs: Vec<ForkProof>,
    /// An order that both halves stand for took the place of the one held here, or this node was told a word of its own that it does not
    /// remember: it went on from a copy. In the present view it has stood for something else.
    pub(super) overtaken: bool,
}

/// One half, while messages for it are taken in.
pub(super) struct Intake<'i> {
    pub(super) desk: Desk<'i>,
    pub(super) half: &'i HalfRow,
    /// This site's own node key.
    pub(super) own: PublicKey,
    /// Who brings it: what cannot be used yet is counted against that key.
    pub(super) bringer: [u8; 32],
    pub(super) standing: &'i mut Standing,
    pub(super) taken: Taken,
    /// An order by somebody who is not in office any more. It counts only if both halves stand for it.
    orphan: Option<Links>,
}

impl<'i> Intake<'i> {
    pub(super) fn new(
        desk: Desk<'i>,
        half: &'i HalfRow,
        own: PublicKey,
        bringer: [u8; 32],
        standing: &'i mut Standing,
    ) -> Self {
        Self { desk, half, own, bringer, standing, taken: Taken::default(), orphan: None }
    }

    /// Takes messages in one after the other. What is refused leaves nothing behind; the others stay.
    pub(super) fn take(mut self, messages: Vec<Message>) -> Result<Taken, StoreError> {
        for (position, message) in (0_u64..).zip(messages) {
            // A summary is looked at later and writes nothing.
            if let Message::Have(have) = message {
                match have.tally == self.half.tally {
                    true => self.taken.summaries.push(have),
                    false => {
                        self.taken.refused.push((position, Refusal::OtherTally { what: "summary" }));
                    }
                }
                continue;
            }
            let (kept, seen) = (self.standing.clone(), self.taken.fresh.len());
            let notes = self.taken.notes.len();
            let desk = self.desk;
            let done = desk.attempt(|| self.take_one(message));
            match done {
                Ok(()) => continue,
                Err(OrderingError::Store(error)) => return Err(error),
                Err(OrderingError::Refused(refusal)) => self.taken.refused.push((position, refusal)),
                Err(OrderingError::Amount(_)) => self.taken.refused.push((position, Refusal::Overflow)),
            }
            *self.standing = kept;
            self.taken.fresh.truncate(seen);
            self.taken.notes.truncate(notes);
        }
        // A lie is refused, and the proof of it is kept.
        for proof in &self.taken.proofs {
            self.desk.put_proof(self.half.no, proof)?;
        }
        Ok(self.taken)
    }

    fn take_one(&mut self, message: Message) -> Result<(), OrderingError> {
        match message {
            Message::Chits(page) => self.take_page(page),
            Message::Links(links) => self.take_links(links),
            Message::Endorsement(word) => self.take_word(word),
            Message::Certificate(certificate) => self.take_certificate(certificate),
            Message::Proof(proof) => {
                let proof = admit(Unverified::from(proof), &self.half.tally)?;
                Ok(self.desk.put_proof(self.half.no, proof.it())?)
            }
            // The contract is what both signed; another text under the same name is not it, whoever brings it.
            Message::Offer(offer) => match self.half.contract.tally.difference(&offer.tally) {
                None => Ok(()),
                Some(what) => Err(Refusal::Altered { what }.into()),
            },
            Message::Receipt(receipt) => self.take_receipt(receipt),
            Message::Invoice(invoice) => self.take_invoice(invoice),
            Message::Answer(answer) => self.take_answer(answer),
            // How the two came to their contract is between their wallets.
            Message::Request(_) | Message::Refuse { .. } | Message::Have(_) => {
                Err(Refusal::OutOfPlace { what: "message" }.into())
            }
        }
    }

    /// Chits of one chain; what has nothing to follow waits, within bounds.
    fn take_page(&mut self, page: Page) -> Result<(), OrderingError> {
        if page.tally != self.half.tally {
            return Err(Refusal::OtherTally { what: "chit" }.into());
        }
        let bytes = Message::Chits(page.clone()).to_bytes();
        if self.take_chits(page.unfold())? {
            self.taken.missing = true;
            return match self.desk.park(self.half.no, &self.bringer, &bytes, PARKED_MAX)? {
                true => Ok(()),
                false => Err(Refusal::TooMuchParked.into()),
            };
        }
        // What was missing may have come: everything that waits is tried again, as long as that gets somewhere.
        loop {
            let before = self.standing.arrivals;
            for (bringer, message) in self.desk.unpark(self.half.no)? {
                let Ok(Message::Chits(page)) = Message::from_bytes(&message) else { continue };
                let (kept, seen) = (self.standing.clone(), self.taken.fresh.len());
                let desk = self.desk;
                match desk.attempt(|| self.take_chits(page.unfold())) {
                    Ok(true) => {
                        self.desk.park(self.half.no, &bringer, &message, u64::MAX)?;
                    }
                    Ok(false) => {}
                    Err(OrderingError::Store(error)) => return Err(error.into()),
                    Err(_) => {
                        *self.standing = kept;
                        self.taken.fresh.truncate(seen);
                    }
                }
            }
            if self.standing.arrivals == before {
                return Ok(());
            }
        }
    }

    /// Takes chits in until one has nothing to follow. Returns whether there was such a one.
    fn take_chits(&mut self, chits: Vec<SignedChit>) -> Result<bool, OrderingError> {
        let mut at: Option<ChainRow> = None;
        let mut gap = false;
        for chit in chits {
            gap = self.take_chit(&mut at, chit)?;
            if gap {
                break;
            }
        }
        if let Some(chain) = &at {
            self.desk.put_chain(chain)?;
        }
        Ok(gap)
    }

    /// One chit. `at` is the chain that the one before went on.
    fn take_chit(&mut self, at: &mut Option<ChainRow>, signed: SignedChit) -> Result<bool, OrderingError> {
        let (desk, no) = (self.desk, self.half.no);
        let follows = |chain: &ChainRow| {
            chain.id == signed.chit.chain
                && chain.seq.checked_add(1) == Some(signed.chit.seq)
                && chain.hash == signed.chit.prev_own
        };
        if !at.as_ref().is_some_and(follows) {
            if let Some(chain) = at.take() {
                desk.put_chain(&chain)?;
            }
            // Where a chain has one branch and this follows its end, nothing can be at its place.
            let mut branches = desk.branches(no, &signed.chit.chain)?;
            if branches.len() == 1 && signed.chit.seq > 1 {
                *at = branches.pop().filter(follows);
            }
        }
        let (promised, here) = match at.as_ref() {
            Some(chain) => (Some(chain.next_key), Vec::new()),
            None if find(&desk, no, &signed.chit.reference())?.is_some() => return Ok(false),
            None => ground_of(&desk, no, self.standing, &signed.chit)?,
        };
        let party_key = self.half.contract.tally.half(signed.chit.chain.side).cert.party_key;
        let ground = ChitGround { tally: &self.half.tally, party_key: &party_key, promised, here: &here };
        let signed = match admit(Unverified::from(signed), &ground)? {
            ChitAdmission::Known => return Ok(false),
            ChitAdmission::Gap => return Ok(true),
            ChitAdmission::New(chit) => chit.into_it(),
            ChitAdmission::Fork(chit, proof) => {
                self.taken.proofs.push(proof.into_it());
                chit.into_it()
            }
        };
        if at.is_none() {
            *at = Some(chain_for(&desk, no, &signed)?);
        }
        let Some(chain) = at else { return Ok(false) };
        let flag = append(&desk, End::of(self.standing), chain, &signed)?;
        if let (Body::Device(DeviceAct::Add(grant)), true) = (&signed.chit.body, flag != Flag::Ineffective) {
            let id = ChainId { side: signed.chit.chain.side, device: grant.device, epoch: grant.epoch };
            if desk.branches(no, &id)?.is_empty() {
                desk.add_chain(&new_chain(no, id, grant.first_key))?;
            }
        }
        self.taken.fresh.push(signed);
        Ok(false)
    }

    /// How the order goes on. It is followed where whoever is in office says so; the one who comes into office also hears the one before.
    fn take_links(&mut self, links: Links) -> Result<(), OrderingError> {
        let (word, by_itself) = match self.admit_word(links.endorsement) {
            Ok(admitted) => admitted,
            Err(error) => {
                if matches!(error, OrderingError::Refused(Refusal::NotANode)) {
                    self.orphan = Some(links);
                }
                return Err(error);
            }
        };
        self.refuse_a_lie(&word)?;
        let head = self.standing.book.head;
        let repeats = word.head.view == head.view && word.head.index <= head.index;
        let in_office = self.standing.tip.nodes.foil.contains(&word.key);
        let before_me =
            takes_over(self.standing, &self.own) && self.standing.book.nodes.foil.contains(&word.key);
        if !repeats && !in_office && !before_me && !by_itself {
            self.orphan = Some(links);
            return Err(Refusal::NotANode.into());
        }
        match follow(&self.desk, self.standing, &links) {
            Ok(Linked::Gap) => {
                self.taken.missing = true;
                Ok(())
            }
            Ok(_) if by_itself && !self.standing.book.nodes.foil.contains(&word.key) => {
                Err(Refusal::NotANode.into())
            }
            Ok(Linked::Followed | Linked::Known) => self.keep(&word),
            Err(error) => {
                // What contradicts what is held here may be right, if both halves stand for it; or its sender must be put right.
                self.taken.missing = true;
                self.orphan = Some(links);
                Err(error)
            }
        }
    }

    fn take_word(&mut self, word: Endorsement) -> Result<(), OrderingError> {
        let (word, _) = self.admit_word(word)?;
        self.refuse_a_lie(&word)?;
        self.keep(&word)
    }

    fn keep(&mut self, word: &Endorsement) -> Result<(), OrderingError> {
        let news = keep_word(&self.desk, self.half.no, word)?;
        self.taken.overtaken |= news && word.key == self.own;
        Ok(())
    }

    /// A word by a node that is named here; or by one that only a chit without effect names, as long as chits stand here in the order in
    /// which they came: in the order that this node gives, its naming may well have come in time. Whether it was such a one.
    fn admit_word(&self, word: Endorsement) -> Result<(Endorsement, bool), OrderingError> {
        let nodes = named(self.standing);
        let ground = NodeGround { tally: &self.half.tally, nodes: &nodes };
        match admit(Unverified::from(word), &ground) {
            Ok(word) => Ok((word.into_it(), false)),
            Err(Refusal::NotANode) => {
                let nodes = named_without_effect(&self.desk, self.half.no)?;
                let ground = NodeGround { tally: &self.half.tally, nodes: &nodes };
                Ok((admit(Unverified::from(word), &ground)?.into_it(), true))
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    fn take_certificate(&mut self, certificate: Certificate) -> Result<(), OrderingError> {
        let reached = (certificate.head.index, certificate.head.hash);
        let orphan = self.orphan.take();
        if let Some(links) =
            orphan.filter(|it| (it.endorsement.head.index, it.endorsement.head.hash) == reached)
        {
            self.taken.overtaken |= adopt(&self.desk, self.standing, &links, &certificate)?;
            return self.keep_words(certificate);
        }
        let ground = NodeGround { tally: &self.half.tally, nodes: &self.standing.book.nodes };
        let certificate: Verified<Certificate> = admit(Unverified::from(certificate), &ground)?;
        self.keep_words(certificate.into_it())
    }

    fn keep_words(&mut self, certificate: Certificate) -> Result<(), OrderingError> {
        let Certificate { head, words } = certificate;
        for (key, signature) in words {
            let word = Endorsement { head, key, signature };
            self.refuse_a_lie(&word)?;
            self.keep(&word)?;
        }
        Ok(())
    }

    /// Whether a node has said something else about the same place before. The two words together are proof.
    fn refuse_a_lie(&mut self, word: &Endorsement) -> Result<(), OrderingError> {
        let Some(earlier) = self.desk.endorsement(self.half.no, &word.key)? else { return Ok(()) };
        if earlier.head.index != word.head.index || earlier.head.view != word.head.view {
            return Ok(());
        }
        let proof = ForkProof::Orders(Box::new(earlier), Box::new(*word));
        if proof.check().is_ok() {
            self.taken.proofs.push(proof);
            return Err(Refusal::OrderRewritten { index: word.head.index }.into());
        }
        Ok(())
    }
}

/// Everybody whom a chit that has no place yet names for its half, with or without effect. One that has its place has been judged there:
/// whoever was named by it and is not in office any more stays a stranger.
fn named_without_effect(desk: &Desk<'_>, half: i64) -> Result<NodeSets, StoreError> {
    let mut named = NodeSets::default();
    for chain in desk.chains(half)? {
        for stored in desk.chits(chain.no, chain.linked, chain.seq, usize::MAX)? {
            if let Body::Nodes { nodes, .. } = &stored.entry.chit.body {
                named.of_mut(chain.id.side).extend(nodes);
            }
        }
    }
    Ok(named)
}
