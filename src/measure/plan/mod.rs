//! The plan of a round: the modes and, as far as they were asked for, the steps of the ladder, the points of the memory
//! sweep, other sizes of the input, other numbers of iterations, and other programs.

pub mod growth;
pub mod ladder;
pub mod sweep;
pub mod turn;
pub mod variant;
