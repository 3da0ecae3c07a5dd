import Testing

@testable import RegistryStore

@Suite("Addresses that administrators write")
struct AddressRuleTests {
    @Test(
        "http and https addresses with a host are taken",
        arguments: [
            "http://localhost:11434", "https://api.openai.com/v1", "HTTPS://API.example.com", "http://10.0.0.1/a/b/",
            "http://[::1]:8080/v1", "http://user:pw@host/v1", "https://bücher.example/v1", "http://my_service:80",
        ])
    func taken(address: String) {
        #expect(AddressRule.httpFault(address) == nil)
    }

    @Test(
        "anything else is refused with a reason",
        arguments: [
            "api.openai.com/v1", "ftp://host", "http://", "http:///path", "http://host:0", "http://host:65536",
            "http://host:80x", "http://host:", "http://ho st/", "http://host/\u{0}", "javascript:alert(1)",
            "https://{resource_name}.openai.azure.com", "http://[::1", "http://[::g]/", "http://host/v1?key=1",
            "http://host/v1#x", "http://host:+80", "file:///etc/passwd", "http://a'b", "http://[1.2.3.4]/", "://host",
        ])
    func refused(address: String) {
        #expect(AddressRule.httpFault(address) != nil)
    }

    @Test("a proxy may speak SOCKS")
    func proxies() {
        for address in ["http://proxy:3128", "socks5://127.0.0.1:1080", "socks5h://u:p@host:1080"] {
            #expect(AddressRule.proxyFault(address) == nil)
        }
        #expect(AddressRule.proxyFault("proxy:3128") != nil)
        #expect(AddressRule.proxyFault("gopher://proxy:70") != nil)
    }
}

@Suite("Networks of a token")
struct SubnetTests {
    @Test(
        "CIDR blocks are recognised",
        arguments: [
            "10.0.0.0/8", "0.0.0.0/0", "192.168.1.1/32", "::/0", "2001:db8::/32", "fe80::1/128", "::ffff:1.2.3.4/96",
            "1:2:3:4:5:6:7:8/64", "1:2:3:4:5:6:1.2.3.4/64",
        ])
    func blocks(text: String) {
        #expect(Subnet.isCIDR(text))
    }

    @Test(
        "anything else is not",
        arguments: [
            "", "/", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "256.0.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "010.0.0.0/8",
            "10.0.0.0/08", "::/129", "1::2::3/64", "12345::/16", "1:2:3:4:5:6:7/64", "1:2:3:4:5:6:7:8:9/64", "g::/8",
            "10.0.0.0/8/8", "a/8", ":/8", "1:2:3:4:5:6:7:8::/64", "10.0.0.0 /8", "1.2.3.4::/16",
        ])
    func others(text: String) {
        #expect(!Subnet.isCIDR(text))
    }
}
