//! A book as bytes, for its row in the database.

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::key::PublicKey;
use crate::order::NodeSets;
use crate::tally::{Date, Grant, Halves, Side, Terms};

use super::{ANNOUNCED_MAX, Book, Device, Phase};

impl Canon for Book {
    const WHAT: &'static str = "book";

    fn write(&self, to: &mut Writer) {
        to.array(12).put(&self.head).put(&self.paid).put(&self.outside).put(&self.terms);
        to.array(2);
        for side in Side::BOTH {
            to.list(self.coming.of(side).len());
            for (terms, from) in self.coming.of(side) {
                to.array(2).put(terms).uint(*from);
            }
        }
        to.array(2).uint(self.latest.stock).uint(self.latest.foil);
        to.put(&self.variables).array(2).put_list(&self.nodes.stock).put_list(&self.nodes.foil);
        to.array(2).uint(self.node_epoch.stock).uint(self.node_epoch.foil).put_list(&self.devices);
        to.uint(match self.phase {
            Phase::Open => 0,
            Phase::Closing => 1,
            Phase::Closed => 2,
        });
        to.array(2).uint(self.sealed.stock.into()).uint(self.sealed.foil.into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 12)?;
        let (head, paid, outside, terms) = (from.take()?, from.take()?, from.take()?, from.take()?);
        from.array("announced terms", 2)?;
        let mut coming = Halves::<Vec<(Terms, Date)>>::default();
        for side in Side::BOTH {
            for _ in 0..from.list("announced terms", ANNOUNCED_MAX as u64)? {
                from.array("announced terms", 2)?;
                coming.of_mut(side).push((from.take()?, from.uint("date of effect")?));
            }
        }
        from.array("latest dates", 2)?;
        let latest = Halves { stock: from.uint("latest date")?, foil: from.uint("latest date")? };
        let variables = from.take()?;
        from.array("nodes", 2)?;
        let mut nodes = NodeSets::default();
        for side in Side::BOTH {
            for _ in 0..from.list("nodes", 16)? {
                nodes.of_mut(side).push(stored_key(from)?);
            }
        }
        from.array("epochs of nodes", 2)?;
        let node_epoch = Halves { stock: from.uint("epoch of nodes")?, foil: from.uint("epoch of nodes")? };
        let devices = from.take_list("devices", 1024)?;
        let phase = match from.uint("phase")? {
            0 => Phase::Open,
            1 => Phase::Closing,
            2 => Phase::Closed,
            _ => return Err(Malformed::OutOfRange { what: "phase" }),
        };
        from.array("seals", 2)?;
        let sealed = Halves { stock: flag(from)?, foil: flag(from)? };
        Ok(Self {
            head,
            paid,
            outside,
            terms,
            coming,
            latest,
            variables,
            nodes,
            node_epoch,
            devices,
            phase,
            sealed,
        })
    }
}

impl Canon for Device {
    const WHAT: &'static str = "device in a book";

    fn write(&self, to: &mut Writer) {
        to.array(10)
            .put(&self.side)
            .uint(self.grant.device.into())
            .uint(self.grant.epoch)
            .put(&self.grant.first_key);
        to.put(&self.grant.device_key).uint(self.revoked.into()).uint(self.forked.into()).uint(self.seq);
        to.put(&self.handed).put(&self.paid);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 10)?;
        let side = from.take()?;
        let grant = Grant {
            device: from.uint32("device")?,
            epoch: from.uint("epoch")?,
            first_key: from.take()?,
            device_key: stored_key(from)?,
        };
        let (revoked, forked, seq) = (flag(from)?, flag(from)?, from.uint("sequence number")?);
        Ok(Self { side, grant, revoked, forked, seq, handed: from.take()?, paid: from.take()? })
    }
}

/// Keys in a book were checked when they came in; here they are read as they stand.
fn stored_key(from: &mut Reader<'_>) -> Result<PublicKey, Malformed> {
    from.fixed(PublicKey::WHAT).map(PublicKey)
}

fn flag(from: &mut Reader<'_>) -> Result<bool, Malformed> {
    from.uint("yes or no").map(|number| number != 0)
}
