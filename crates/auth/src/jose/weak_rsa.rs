//! RSA moduli that are known to be breakable though they are long enough.

/// The small primes whose product the faulty Infineon key generator built its primes from.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether the modulus carries the mark of CVE-2017-15361 (ROCA): its rest by every one of the
/// primes is a power of 65537. About one sound key in 2^27 carries it by chance.
pub(super) fn has_roca_mark(modulus: &[u8]) -> bool {
    PRIMES.into_iter().all(|prime| {
        let rest = modulus.iter().fold(0_u32, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let generator = 65_537 % prime;
        let mut power = 1;
        for _ in 0..prime {
            if power == rest {
                return true;
            }
            power = power * generator % prime;
        }
        false
    })
}
