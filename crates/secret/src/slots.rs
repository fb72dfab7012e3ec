//! Which slots of the arena are taken. Only numbers are here; the bytes are elsewhere.

use crate::map::PAGE_BYTES;

/// The sizes of slots. A page has slots of one size, until it is empty again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Bytes32,
    Bytes64,
    Bytes128,
}

impl Class {
    const ALL: [Self; 3] = [Self::Bytes32, Self::Bytes64, Self::Bytes128];

    /// The smallest that holds `len` bytes.
    pub(crate) fn holding(len: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|class| len <= class.bytes())
    }

    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Bytes32 => 32,
            Self::Bytes64 => 64,
            Self::Bytes128 => 128,
        }
    }

    fn slots(self) -> usize {
        PAGE_BYTES / self.bytes()
    }
}

#[derive(Clone, Copy, Default)]
struct Page {
    /// None while the page is empty.
    class: Option<Class>,
    /// One bit for each slot that is taken.
    taken: u128,
}

/// The pages of one arena.
pub(crate) struct Slots {
    pages: Vec<Page>,
    /// Pages that were empty when they were put here, the next to be used last.
    empty: Vec<usize>,
    /// For each class, pages that had a free slot when they were put here.
    open: [Vec<usize>; 3],
}

impl Slots {
    pub(crate) fn new(pages: usize) -> Self {
        Self { pages: vec![Page::default(); pages], empty: (0..pages).rev().collect(), open: Default::default() }
    }

    /// Takes a free slot and tells where it begins, in bytes from the arena's start.
    pub(crate) fn take(&mut self, class: Class) -> Option<usize> {
        let number = self.page_with_room(class)?;
        let page = self.pages.get_mut(number)?;
        let slot = usize::try_from((!page.taken).trailing_zeros()).ok()?;
        page.taken |= 1 << slot;
        if page.is_full() {
            self.open_of(class).pop();
        }
        Some(number * PAGE_BYTES + slot * class.bytes())
    }

    /// Gives a slot back that [`Self::take`] gave out.
    pub(crate) fn give_back(&mut self, class: Class, offset: usize) {
        let number = offset / PAGE_BYTES;
        let Some(page) = self.pages.get_mut(number) else { return };
        let was_full = page.is_full();
        page.taken &= !(1 << ((offset % PAGE_BYTES) / class.bytes()));
        if page.taken == 0 {
            page.class = None;
            self.empty.push(number);
        } else if was_full {
            self.open_of(class).push(number);
        }
    }

    /// The last open page of the class, or an empty one that now is of the class.
    fn page_with_room(&mut self, class: Class) -> Option<usize> {
        while let Some(number) = self.open_of(class).last().copied() {
            // A page may have become empty, and another class's, since it was put here.
            if self.pages.get(number).is_some_and(|page| page.class == Some(class) && !page.is_full()) {
                return Some(number);
            }
            self.open_of(class).pop();
        }
        let number = self.empty.pop()?;
        self.pages.get_mut(number)?.class = Some(class);
        self.open_of(class).push(number);
        Some(number)
    }

    fn open_of(&mut self, class: Class) -> &mut Vec<usize> {
        let [of32, of64, of128] = &mut self.open;
        match class {
            Class::Bytes32 => of32,
            Class::Bytes64 => of64,
            Class::Bytes128 => of128,
        }
    }
}

impl Page {
    fn is_full(self) -> bool {
        self.class.is_some_and(|class| self.taken.count_ones() as usize == class.slots())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_slot_is_given_out_once() {
        for class in Class::ALL {
            let mut slots = Slots::new(3);
            let offsets: Vec<_> = std::iter::from_fn(|| slots.take(class)).collect();
            assert_eq!(offsets.len(), 3 * class.slots());
            assert_eq!(offsets.iter().collect::<HashSet<_>>().len(), offsets.len());
            assert!(
                offsets.iter().all(|offset| offset % class.bytes() == 0 && offset + class.bytes() <= 3 * PAGE_BYTES)
            );
        }
    }

    #[test]
    fn an_emptied_page_serves_another_size() {
        let mut slots = Slots::new(1);
        let taken: Vec<_> = std::iter::from_fn(|| slots.take(Class::Bytes32)).collect();
        assert_eq!(slots.take(Class::Bytes128), None);
        taken.into_iter().for_each(|offset| slots.give_back(Class::Bytes32, offset));
        assert_eq!(std::iter::from_fn(|| slots.take(Class::Bytes128)).count(), Class::Bytes128.slots());
    }

    /// Takes and gives back in a scrambled order, beside a model that only knows what is out.
    #[test]
    fn slots_never_overlap_in_any_order() {
        let mut slots = Slots::new(4);
        let mut out: Vec<(Class, usize)> = Vec::new();
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let roll = usize::try_from(dice >> 33).unwrap();
            if roll % 5 < 3 {
                let class = Class::ALL.into_iter().nth(roll / 5 % 3).unwrap();
                if let Some(offset) = slots.take(class) {
                    let apart =
                        |(other, at): &(Class, usize)| offset + class.bytes() <= *at || at + other.bytes() <= offset;
                    assert!(out.iter().all(apart));
                    out.push((class, offset));
                }
            } else if !out.is_empty() {
                let (class, offset) = out.swap_remove(roll % out.len());
                slots.give_back(class, offset);
            }
        }
        out.into_iter().for_each(|(class, offset)| slots.give_back(class, offset));
        assert_eq!(std::iter::from_fn(|| slots.take(Class::Bytes64)).count(), 4 * Class::Bytes64.slots());
    }
}
