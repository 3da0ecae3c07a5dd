import Testing

@testable import HTTPCore

@Suite("Address range")
struct AddressRangeTests {
    @Test(
        "blocks hold their addresses and no others",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.8", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::/0", "10.0.0.1", true), ("10.0.0.0/8", "nonsense", false),
        ])
    func contains(block: String, address: String, expected: Bool) throws {
        #expect(try #require(AddressRange(block)).contains(address) == expected)
    }

    @Test(
        "what is no block is refused",
        arguments: ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "10.0.0.0/", "x/8"])
    func refused(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
