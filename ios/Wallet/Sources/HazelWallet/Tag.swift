import Foundation

/// The eight bytes by which partners know one another in the air, and the two ways they are shown.
///
/// Android and computers show them as manufacturer data. iOS lets no app do that: there the tag is the local name, in the ten
/// characters that a scan response has room for (decision 0413).
enum Tag {
    static let size = 8
    /// The number of "no company", least significant byte first.
    private static let company: [UInt8] = [0xff, 0xff]
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// The tag in what somebody advertises, if there is one.
    static func shown(manufacturer: Data?, name: String?) -> Data? {
        if let bytes = manufacturer.map({ [UInt8]($0) }), bytes.count == size + 2, Array(bytes.prefix(2)) == company {
            return Data(bytes.dropFirst(2))
        }
        return name.flatMap(read)
    }

    /// The tag as a name of ten characters: two numbers of 32 bits, five digits of base 85 each (Z85 of ZeroMQ's RFC 32).
    static func name(_ tag: Data) -> String? {
        let bytes = [UInt8](tag)
        guard bytes.count == size else { return nil }
        var name: [UInt8] = []
        for half in [bytes.prefix(4), bytes.suffix(4)] {
            var number = half.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var digits: [UInt8] = []
            for _ in 0..<5 {
                digits.append(alphabet[Int(number % 85)])
                number /= 85
            }
            name += digits.reversed()
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// The tag in a name; none if the name is something else.
    static func read(_ name: String) -> Data? {
        let letters = Array(name.utf8)
        guard letters.count == 10 else { return nil }
        var tag = Data()
        for half in [letters.prefix(5), letters.suffix(5)] {
            var number: UInt64 = 0
            for letter in half {
                guard let digit = alphabet.firstIndex(of: letter) else { return nil }
                number = number * 85 + UInt64(digit)
            }
            guard let whole = UInt32(exactly: number) else { return nil }
            for shift in [24, 16, 8, 0] { tag.append(UInt8(whole >> UInt32(shift) & 0xff)) }
        }
        return tag
    }
}
