@main
struct ChannelRegistry {
    static func main() {}
}
