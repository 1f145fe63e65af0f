import Foundation
import HazelBridge
import XCTest

@testable import HazelWallet

/// What a radio decides without a radio.
final class RadioRulesTest: XCTestCase {
    private static let one = Sight.whole(tag: Data(1...8))
    private static let two = Sight.whole(tag: Data(2...9))

    func testAnMtuIsKeptWithinWhatThereCanBe() {
        XCTAssertEqual([-1, 0, 20, 182, 514, 515, Int.max].map(soundMtu), [23, 23, 23, 185, 517, 517, 517])
    }

    func testATagIsFoundInWhatAndroidAndComputersAdvertiseAndInAName() throws {
        let tag = Data([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b])
        // The example of ZeroMQ's RFC 32; some phones cut the last two letters off.
        for name in ["HelloWorld", "HelloWor"] {
            XCTAssertEqual(sights(manufacturer: nil, name: name), [.name(letters: "HelloWor")])
        }
        XCTAssertEqual(sights(manufacturer: Data([0xff, 0xff]) + tag, name: nil), [.whole(tag: tag)])
        XCTAssertEqual(sights(manufacturer: Data([0xff, 0xff]) + tag, name: "HelloWorld").count, 2)
        XCTAssertEqual(sights(manufacturer: Data([0x4c, 0x00]) + tag, name: nil), [])
        XCTAssertEqual(sights(manufacturer: Data([0xff, 0xff]) + tag.dropLast(), name: "Ana's phone"), [])
        for name in ["", "HelloWo", "HelloWorlds", "Hello,orld", "iPhone öö"] { XCTAssertEqual(sights(manufacturer: nil, name: name), [], name) }
    }

    func testTheInformationOfTodayAndOfTomorrowIsRead() throws {
        let tags = (0..<40).map { ShownTag(bytes: Data(repeating: $0, count: 8), name: "") }
        XCTAssertEqual(try information(tags: [], channel: 0), Data([1, 0, 0]))
        let read = try XCTUnwrap(readInformation(bytes: information(tags: Array(tags.prefix(2)), channel: 0x80) + Data([9])))
        XCTAssertEqual(read.channel, 0x80)
        XCTAssertEqual(read.tags, tags.prefix(2).map { .whole(tag: $0.bytes) })
        XCTAssertEqual(try XCTUnwrap(readInformation(bytes: information(tags: tags, channel: 0))).tags.count, 16)
        XCTAssertEqual(try XCTUnwrap(readInformation(bytes: Data([1, 0x12, 0x34]))).channel, 0x1234)
        for none in [Data(), Data([1, 0]), Data([2, 0, 0])] { XCTAssertNil(try readInformation(bytes: none)) }
    }

    func testAPacketStaysUntilThereIsRoomAndClosingWaitsForIt() {
        var (given, answers, closed) = ([Data](), [PacketQueue.Answer.taken, .full, .last, .taken], 0)
        let queue = PacketQueue(
            give: { given.append($0); return answers.removeFirst() }, close: { closed += 1 })
        queue.send(Data([1]))
        queue.send(Data([2]))
        queue.send(Data([3]))
        XCTAssertEqual(given, [Data([1]), Data([2])])
        queue.ready()
        XCTAssertEqual(given.last, Data([2]), "what found no room goes first")
        queue.closeWhenEmpty()
        XCTAssertEqual(closed, 0)
        queue.send(Data([4]))
        queue.ready()
        queue.ready()
        XCTAssertEqual(given, [Data([1]), Data([2]), Data([2]), Data([3])], "nothing after the closing")
        XCTAssertEqual(closed, 1)
        queue.closeWhenEmpty()
        XCTAssertEqual(closed, 1)
    }

    func testAQueueDoesNotGrowWithoutBound() {
        var given = 0
        var isFull = true
        let queue = PacketQueue(give: { _ in given += 1; return isFull ? .full : .taken }, close: {})
        for _ in 0..<2_000 { queue.send(Data([0])) }
        (given, isFull) = (0, false)
        queue.ready()
        XCTAssertEqual(given, PacketQueue.most)
    }

    func testWhoShowsNoTagIsAskedOnceAndLeftAlone() {
        var lookout = Lookout()
        XCTAssertEqual(lookout.sees("a", [], now: 0), .nothing, "a scan response may still come")
        XCTAssertEqual(lookout.sees("a", [], now: 3_000), .ask)
        XCTAssertEqual(lookout.sees("a", [], now: 3_100), .nothing)
        XCTAssertEqual(lookout.sees("b", [], now: 3_100), .nothing)
        XCTAssertEqual(lookout.sees("b", [], now: 9_000), .nothing, "one at a time")
        lookout.hears("a", tags: nil, now: 9_000)
        XCTAssertEqual(lookout.sees("b", [], now: 9_001), .ask)
        lookout.hears("b", tags: [Self.one], now: 9_100)
        XCTAssertEqual(lookout.sees("a", [], now: 9_200), .nothing, "left alone")
        XCTAssertEqual(lookout.sees("b", [], now: 9_200), .tags([Self.one]))
        XCTAssertEqual(lookout.sees("b", [], now: 9_300), .nothing, "said just now")
        XCTAssertEqual(lookout.sees("b", [], now: 11_000), .tags([Self.one]))
        XCTAssertEqual(lookout.sees("b", [], now: 310_000), .ask, "its tags have changed since")
    }

    func testATagInTheAirCountsOnceASecondAndStrangersAreForgotten() {
        var lookout = Lookout()
        XCTAssertEqual(lookout.sees("a", [Self.one], now: 0), .tags([Self.one]))
        XCTAssertEqual(lookout.sees("a", [Self.one], now: 999), .nothing)
        XCTAssertEqual(lookout.sees("a", [Self.two], now: 999), .tags([Self.two]))
        for no in 0..<1_000 { _ = lookout.sees("stranger \(no)", [], now: 2_000 + UInt64(no)) }
        XCTAssertEqual(lookout.count, Lookout.most)
        XCTAssertEqual(lookout.sees("a", [Self.two], now: 4_000), .tags([Self.two]))
    }

    func testWithoutLeaveNothingFurtherIsKnown() {
        func blockers(_ leave: Circumstances.Leave, _ power: Circumstances.Power, _ saves: Bool = false) -> [Blocker] {
            Circumstances(leave: leave, power: power, savesPower: saves).blockers
        }
        XCTAssertEqual(blockers(.given, .on), [])
        XCTAssertEqual(blockers(.given, .unknown), [])
        XCTAssertEqual(blockers(.refused, .off, true), [.notPermitted])
        XCTAssertEqual(blockers(.given, .missing, true), [.noRadio])
        XCTAssertEqual(blockers(.given, .off, true), [.switchedOff, .savingPower])
        XCTAssertEqual(blockers(.notAsked, .unknown), [.notAsked])
        XCTAssertEqual(Blocker.allCases.filter(\.isOnlyAHint), [.notAsked, .savingPower])
    }
}
