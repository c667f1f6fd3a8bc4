//! The last values of a series, by age and by size: a middle or a tail costs a look, not a sort.

use std::collections::VecDeque;

/// The last so many values.
#[derive(Clone, Debug)]
pub struct Window {
    most: usize,
    by_age: VecDeque<f64>,
    by_size: Vec<f64>,
}

impl Window {
    /// Empty, for at most so many values.
    pub fn of(most: usize) -> Window {
        Window { most, by_age: VecDeque::new(), by_size: Vec::new() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_size.len()
    }

    /// Takes the next value, and forgets the oldest where there are too many.
    pub fn push(&mut self, value: f64) {
        if self.by_age.len() == self.most
            && let Some(oldest) = self.by_age.pop_front()
        {
            let place = self.place(oldest);
            self.by_size.remove(place);
        }
        self.by_age.push_back(value);
        let place = self.place(value);
        self.by_size.insert(place, value);
    }

    /// The middle value, or the mean of the two in the middle; 0 of none.
    pub fn median(&self) -> f64 {
        let middle = self.count() / 2;
        match self.count() {
            0 => 0.0,
            length if length % 2 == 1 => self.by_size[middle],
            _ => f64::midpoint(self.by_size[middle - 1], self.by_size[middle]),
        }
    }

    /// The value at this place from the largest, which is 1; nothing where there are fewer.
    pub fn from_largest(&self, place: usize) -> Option<f64> {
        self.by_size.get(self.count().checked_sub(place)?).copied()
    }

    /// Where the value stands among those by size, or has to go.
    fn place(&self, value: f64) -> usize {
        self.by_size.partition_point(|other| other.total_cmp(&value).is_lt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_forgets_the_oldest_and_knows_its_middle_and_its_tail() {
        let mut window = Window::of(3);
        assert_eq!((window.median(), window.from_largest(1)), (0.0, None));
        window.push(5.0);
        window.push(1.0);
        assert_eq!((window.median(), window.from_largest(2), window.from_largest(3)), (3.0, Some(1.0), None));
        window.push(5.0);
        assert_eq!(window.median(), 5.0);
        // The first 5 goes, the other one stays.
        window.push(2.0);
        assert_eq!((window.count(), window.median(), window.from_largest(1)), (3, 2.0, Some(5.0)));
        // The 1 goes, then the 5.
        window.push(7.0);
        window.push(8.0);
        assert_eq!([1, 2, 3].map(|place| window.from_largest(place)), [Some(8.0), Some(7.0), Some(2.0)]);
    }
}
