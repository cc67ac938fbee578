//! The house number among those of a street.

use crate::answer::NumberMatch;
use crate::index::{Index, Numbers};
use crate::lexicon;
use crate::reading::House;
use crate::tables::{NONE, SUFFIX_BITS};

/// What a number that is not quite the street's costs.
const RANGE: u16 = 3;
const IN_GROUP: u16 = 30;
const OTHER_SUFFIX: u16 = 26;
const SAME_SUFFIX: u16 = 2;
const ABSENT: u16 = 56;
const NO_NUMBERS: u16 = 26;
/// A letter typed after the number that names nothing.
const LOOSE_LETTER: u16 = 10;
/// The widest group: 166-184.
const GROUP_WIDTH_MAX: u32 = 24;

/// A number of a street for the one that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberFit {
    pub kind: NumberMatch,
    pub cost: u16,
    pub address: u32,
}

impl NumberFit {
    pub const NOT_ASKED: Self = Self {
        kind: NumberMatch::NotAsked,
        cost: 0,
        address: NONE,
    };
}

/// The best number of `street` for `house`.
pub(crate) fn fit(index: &Index, street: u32, house: &House, suffix_free: bool) -> NumberFit {
    let numbers = index.numbers(street);
    let suffix = if suffix_free {
        house.suffix.as_str()
    } else {
        ""
    };
    let plain = Some(0);
    let asked = index.suffix(suffix);
    // Most homonyms end before the number, and are told at once.
    let longest = numbers
        .len
        .checked_sub(1)
        .map_or(0, |last| numbers.number(last));
    if longest > 0 && longest < house.number {
        return NumberFit {
            kind: NumberMatch::Absent,
            cost: ABSENT,
            address: NONE,
        };
    }
    if let Some(last) = house.last {
        // A group may be numbered by both its ends in one: 166170.
        let digits = 10_u32.pow(last.max(1).ilog10() + 1);
        let grouped = house
            .number
            .checked_mul(digits)
            .and_then(|n| n.checked_add(last));
        for number in [grouped, Some(house.number), Some(last)]
            .into_iter()
            .flatten()
        {
            if let Some(at) =
                exact(&numbers, number, asked).or_else(|| exact(&numbers, number, plain))
            {
                return of(&numbers, at, NumberMatch::OfRange, RANGE);
            }
        }
    }
    if let Some(at) = exact(&numbers, house.number, asked) {
        return of(&numbers, at, NumberMatch::Exact, 0);
    }
    for twin in lexicon::twins(suffix) {
        if let Some(at) = exact(&numbers, house.number, index.suffix(twin)) {
            return of(&numbers, at, NumberMatch::SameSuffix, SAME_SUFFIX);
        }
    }
    let first = numbers.first_from(house.number);
    let has_number = first < numbers.len && numbers.number(first) == house.number;
    if has_number {
        let plain = numbers.packed(first) & ((1 << SUFFIX_BITS) - 1) == 0;
        if plain && house.loose {
            return of(&numbers, first, NumberMatch::Exact, LOOSE_LETTER);
        }
        let cost = if plain {
            OTHER_SUFFIX
        } else {
            OTHER_SUFFIX + 2
        };
        return of(&numbers, first, NumberMatch::OtherSuffix, cost);
    }
    if let Some(at) = group_of(&numbers, house.number) {
        return of(&numbers, at, NumberMatch::InGroup, IN_GROUP);
    }
    let only_zero = numbers.len > 0 && numbers.number(numbers.len - 1) == 0;
    if only_zero || numbers.len == 0 {
        let address = if only_zero { numbers.address(0) } else { NONE };
        return NumberFit {
            kind: NumberMatch::NoNumbers,
            cost: NO_NUMBERS,
            address,
        };
    }
    NumberFit {
        kind: NumberMatch::Absent,
        cost: ABSENT,
        address: NONE,
    }
}

fn of(numbers: &Numbers<'_>, at: u32, kind: NumberMatch, cost: u16) -> NumberFit {
    NumberFit {
        kind,
        cost,
        address: numbers.address(at),
    }
}

/// The address with this number and suffix; no suffix of the index, no address.
fn exact(numbers: &Numbers<'_>, number: u32, suffix: Option<u32>) -> Option<u32> {
    let packed = number.checked_mul(1 << SUFFIX_BITS)? | suffix?;
    let at = numbers.first_at(packed);
    (at < numbers.len && numbers.packed(at) == packed).then_some(at)
}

/// The address that is numbered as a group in which `number` lies: 168 in 166170.
fn group_of(numbers: &Numbers<'_>, number: u32) -> Option<u32> {
    // A group is written longer than what lies in it: most streets have none.
    let longest = numbers
        .len
        .checked_sub(1)
        .map_or(0, |last| numbers.number(last));
    if number == 0 || longest / 10 < number.saturating_sub(GROUP_WIDTH_MAX) || longest < 1000 {
        return None;
    }
    for low in (number.saturating_sub(GROUP_WIDTH_MAX).max(10)..=number).rev() {
        let low_digits = low.ilog10() + 1;
        for high_digits in [low_digits, low_digits + 1] {
            let scale = 10_u32.pow(high_digits);
            let begin = low
                .saturating_mul(scale)
                .saturating_add(number.max(low + 1));
            let end = low
                .saturating_mul(scale)
                .saturating_add(low + GROUP_WIDTH_MAX);
            let at = numbers.first_from(begin);
            let inside = at < numbers.len
                && numbers.number(at)
                    <= end.min(low.saturating_mul(scale).saturating_add(scale - 1));
            let even = |n: u32| n.is_multiple_of(2);
            if inside && even(numbers.number(at) % scale) == even(low) && even(low) == even(number)
            {
                return Some(at);
            }
        }
    }
    None
}

/// Calls `f` with the addresses of `street` nearest to `number`, nearest first, at most `max`.
pub(crate) fn nearest(index: &Index, street: u32, number: u32, max: usize, mut f: impl FnMut(u32)) {
    let numbers = index.numbers(street);
    let middle = numbers.first_from(number);
    let (mut before, mut after) = (middle, middle);
    for _ in 0..max {
        let apart = |at: u32| numbers.number(at).abs_diff(number);
        let low = before.checked_sub(1).filter(|at| numbers.number(*at) > 0);
        let high = Some(after).filter(|at| *at < numbers.len);
        let side = |at: u32| u32::from(!(numbers.number(at) ^ number).is_multiple_of(2));
        let at = match (low, high) {
            // The same side of the street when both are about as near.
            (Some(low), Some(high))
                if apart(low) + 2 * side(low) <= apart(high) + 2 * side(high) =>
            {
                low
            }
            (_, Some(high)) => high,
            (Some(low), None) => low,
            (None, None) => break,
        };
        if at < middle {
            before = at;
        } else {
            after = at + 1;
        }
        f(numbers.address(at));
    }
}
