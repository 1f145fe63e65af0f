//! Reed and Solomon's code over bytes, as pictures carry it: what damage leaves of a block is put right or given up.

/// The numbers 1 to 255 as powers of two in the field, where doubling carries into 285.
pub(super) struct Field {
    powers: [u8; 255],
    exponents: [usize; 256],
}

impl Field {
    pub(super) fn new() -> Self {
        let (mut powers, mut exponents, mut power) = ([0; 255], [0; 256], 1_u16);
        for (exponent, slot) in powers.iter_mut().enumerate() {
            let [_, byte] = power.to_be_bytes();
            *slot = byte;
            if let Some(place) = exponents.get_mut(usize::from(byte)) {
                *place = exponent;
            }
            power = if power & 0x80 == 0 { power << 1 } else { (power << 1) ^ 0x11d };
        }
        Self { powers, exponents }
    }

    /// Puts right what the last `checks` bytes of a block allow to be put right; none where that is not enough.
    pub(super) fn correct(&self, block: &mut [u8], checks: usize) -> Option<()> {
        let syndromes = self.syndromes(block, checks);
        if is_zero(&syndromes) {
            return Some(());
        }
        let locator = self.locator(&syndromes)?;
        // The product's terms beyond the checks say nothing.
        let mut evaluator = self.product(&syndromes, &locator);
        evaluator.truncate(checks);
        let slope: Vec<u8> = locator
            .iter()
            .skip(1)
            .enumerate()
            .map(|(at, term)| if at % 2 == 0 { *term } else { 0 })
            .collect();
        for (place, byte) in block.iter_mut().rev().enumerate() {
            let back = self.power(255_usize.saturating_sub(place));
            if self.value(&locator, back) == 0 {
                let size = self.quotient(self.value(&evaluator, back), self.value(&slope, back))?;
                *byte ^= self.times(size, self.power(place));
            }
        }
        is_zero(&self.syndromes(block, checks)).then_some(())
    }

    /// What the block says as a polynomial, its last byte the constant, at the first powers of two: all zero if it is whole.
    fn syndromes(&self, block: &[u8], checks: usize) -> Vec<u8> {
        let at = |power| block.iter().fold(0, |sum, byte| self.times(sum, power) ^ byte);
        (0..checks).map(|exponent| at(self.power(exponent))).collect()
    }

    /// Berlekamp's and Massey's: the shortest polynomial that foretells each syndrome from those before it. It is zero where a byte is
    /// wrong. None where more are wrong than can be found.
    fn locator(&self, syndromes: &[u8]) -> Option<Vec<u8>> {
        let (mut locator, mut older) = (vec![1], vec![1]);
        let (mut wrong, mut age, mut missed) = (0_usize, 1_usize, 1);
        for (known, _) in syndromes.iter().enumerate() {
            let so_far = syndromes.iter().take(known.saturating_add(1)).rev();
            let miss = locator.iter().zip(so_far).fold(0, |sum, (term, it)| sum ^ self.times(*term, *it));
            if miss == 0 {
                age = age.saturating_add(1);
                continue;
            }
            let factor = self.quotient(miss, missed)?;
            let mut better = vec![0; age];
            better.extend(older.iter().map(|term| self.times(*term, factor)));
            better.resize(better.len().max(locator.len()), 0);
            better.iter_mut().zip(&locator).for_each(|(sum, term)| *sum ^= term);
            if wrong.saturating_mul(2) <= known {
                (wrong, age, missed) = (known.saturating_add(1).saturating_sub(wrong), 1, miss);
                older = std::mem::replace(&mut locator, better);
            } else {
                age = age.saturating_add(1);
                locator = better;
            }
        }
        (wrong.saturating_mul(2) <= syndromes.len()).then_some(locator)
    }

    fn product(&self, left: &[u8], right: &[u8]) -> Vec<u8> {
        let mut product = vec![0; left.len().saturating_add(right.len())];
        for (shift, term) in left.iter().enumerate() {
            for (sum, other) in product.iter_mut().skip(shift).zip(right) {
                *sum ^= self.times(*term, *other);
            }
        }
        product
    }

    /// A polynomial's value, its constant first.
    fn value(&self, terms: &[u8], at: u8) -> u8 {
        terms.iter().rev().fold(0, |sum, term| self.times(sum, at) ^ term)
    }

    fn power(&self, exponent: usize) -> u8 {
        self.powers.get(exponent % 255).copied().unwrap_or(0)
    }

    fn exponent(&self, of: u8) -> usize {
        self.exponents.get(usize::from(of)).copied().unwrap_or(0)
    }

    fn times(&self, left: u8, right: u8) -> u8 {
        if left == 0 || right == 0 {
            return 0;
        }
        self.power(self.exponent(left).saturating_add(self.exponent(right)))
    }

    fn quotient(&self, over: u8, under: u8) -> Option<u8> {
        match (over, under) {
            (_, 0) => None,
            (0, _) => Some(0),
            _ => {
                Some(self.power(self.exponent(over).saturating_add(255).saturating_sub(self.exponent(under))))
            }
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
