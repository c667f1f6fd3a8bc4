//! The wall between a message and the inner network: where an address leads is asked once, judged, and then used as it
//! was judged. A name that leads to a private address is refused whole, whatever else it leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::undelivered::Undelivered;
use crate::exit::ExitCode;

/// How long a name server may take.
const LONGEST_LOOKUP: Duration = Duration::from_secs(10);

/// Which addresses messages may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// Only those of the public internet.
    Public,
    /// Those of this machine and of the inner network, too.
    Open,
}

impl Wall {
    /// As the flag has it.
    pub fn of(allow_private: bool) -> Wall {
        if allow_private { Wall::Open } else { Wall::Public }
    }

    /// The addresses of a host, each of them allowed.
    pub async fn addresses(self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Undelivered> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let looked_up = tokio::time::timeout(LONGEST_LOOKUP, tokio::net::lookup_host((bare, port))).await;
        let hint = "check the name and this machine's name server";
        let found: Vec<SocketAddr> = match looked_up {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(error)) => {
                return Err(Undelivered::later(
                    format!("cannot find the address of `{host}`: {error}"),
                    hint,
                ));
            }
            Err(_) => {
                let seconds = LONGEST_LOOKUP.as_secs();
                let message = format!("no name server told the address of `{host}` within {seconds} s");
                return Err(Undelivered::later(message, hint));
            }
        };
        match found.iter().find(|address| self == Wall::Public && is_private(address.ip())) {
            Some(address) => Err(Undelivered::refused(
                ExitCode::Usage,
                format!("`{host}` is at the private address {}", address.ip()),
                "if it is meant, add --allow-private",
            )),
            None if found.is_empty() => Err(Undelivered::later(format!("`{host}` has no address"), hint)),
            None => Ok(found),
        }
    }
}

/// Whether an address is not one of the public internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        // This network, addresses shared behind a carrier, protocols, benchmarks, the future and broadcast.
        || first == 0
        || first == 100 && second & 0b1100_0000 == 64
        || first == 192 && second == 0 && third == 0
        || first == 198 && second & 0b1111_1110 == 18
        || first >= 240
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let inner = |high: u16, low: u16| is_private_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match parts {
        // Loopback, unspecified, and addresses of version 4 in three kinds of clothes.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => high == 0 || inner(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] => inner(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x64, 0xff9b, 1, ..] => true,
        // A tunnel that carries the address of version 4 inside.
        [0x2002, high, low, ..] => inner(high, low),
        // Teredo and other protocols, documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => true,
        // The only range that is given out to the public.
        [first, ..] => first & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_is_all_that_the_public_internet_does_not_route() {
        for text in [
            "127.0.0.1",
            "127.8.9.10",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(is_private(text.parse().expect(text)), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::",
        ] {
            assert!(!is_private(text.parse().expect(text)), "{text}");
        }
    }

    /// Numbers in any notation are looked up as what they are.
    #[tokio::test]
    async fn a_private_address_passes_only_where_the_wall_is_open() {
        for host in ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "2130706433", "0x7f.1", "127.1"] {
            match Wall::Public.addresses(host, 80).await {
                Ok(found) => panic!("{host} is {found:?}"),
                Err(error) => assert!(
                    error.to_string().contains("private address")
                        || error.to_string().contains("cannot find"),
                    "{error}"
                ),
            }
        }
        let found = Wall::Open.addresses("127.0.0.1", 80).await.expect("allowed");
        assert_eq!(found, ["127.0.0.1:80".parse().expect("an address")]);
    }
}
