import Foundation
import XCTest

@testable import HazelWallet

/// What a radio decides without a radio.
final class RadioRulesTest: XCTestCase {
    func testAnMtuIsKeptWithinWhatThereCanBe() {
        XCTAssertEqual([-1, 0, 20, 182, 514, 515, Int.max].map(soundMtu), [23, 23, 23, 185, 517, 517, 517])
    }

    func testATagIsANameOfTenLettersAndBack() throws {
        // The example of ZeroMQ's RFC 32.
        XCTAssertEqual(Tag.name(Data([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b])), "HelloWorld")
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let tag = Data((0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) })
            let name = try XCTUnwrap(Tag.name(tag))
            XCTAssertEqual(name.utf8.count, 10)
            XCTAssertEqual(Tag.read(name), tag)
        }
        XCTAssertNil(Tag.name(Data(count: 7)))
        for name in ["", "HelloWorl", "HelloWorlds", "Hello,orld", "#####00000", "iPhone öö"] { XCTAssertNil(Tag.read(name), name) }
    }

    func testATagIsFoundInWhatAndroidAndComputersAdvertiseAndInAName() {
        let tag = Data(1...8)
        XCTAssertEqual(Tag.shown(manufacturer: Data([0xff, 0xff]) + tag, name: nil), tag)
        XCTAssertEqual(Tag.shown(manufacturer: nil, name: Tag.name(tag)), tag)
        XCTAssertNil(Tag.shown(manufacturer: Data([0x4c, 0x00]) + tag, name: nil))
        XCTAssertNil(Tag.shown(manufacturer: Data([0xff, 0xff]) + tag.dropLast(), name: "Ana's phone"))
        XCTAssertNil(Tag.shown(manufacturer: nil, name: nil))
    }

    func testTheInformationOfTodayAndOfTomorrowIsRead() throws {
        XCTAssertEqual(Info(tags: []).bytes, Data([1, 0, 0]))
        let tags = [Data(1...8), Data(11...18)]
        let read = try XCTUnwrap(Info(Info(tags: tags).bytes + Data([9])))
        XCTAssertEqual(read.tags, tags)
        XCTAssertTrue(read.speaksOurs)
        XCTAssertEqual(try XCTUnwrap(Info(Data([1, 0x12, 0x34]))).channel, 0x1234)
        XCTAssertFalse(try XCTUnwrap(Info(Data([2]))).speaksOurs)
        XCTAssertNil(Info(Data()))
        XCTAssertNil(Info(Data([1, 0])))
        let many = (0..<40).map { Data(repeating: $0, count: 8) }
        XCTAssertEqual(Info(tags: many).tags.count, Info.mostTags)
        XCTAssertEqual(try XCTUnwrap(Info(Data([1, 0, 0]) + many.joined())).tags.count, Info.mostTags)
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
        XCTAssertEqual(lookout.sees("a", tag: nil, now: 0), .nothing, "a scan response may still come")
        XCTAssertEqual(lookout.sees("a", tag: nil, now: 3_000), .ask)
        XCTAssertEqual(lookout.sees("a", tag: nil, now: 3_100), .nothing)
        XCTAssertEqual(lookout.sees("b", tag: nil, now: 3_100), .nothing)
        XCTAssertEqual(lookout.sees("b", tag: nil, now: 9_000), .nothing, "one at a time")
        lookout.hears("a", tags: nil, now: 9_000)
        XCTAssertEqual(lookout.sees("b", tag: nil, now: 9_001), .ask)
        lookout.hears("b", tags: [Data(1...8)], now: 9_100)
        XCTAssertEqual(lookout.sees("a", tag: nil, now: 9_200), .nothing, "left alone")
        XCTAssertEqual(lookout.sees("b", tag: nil, now: 9_200), .tags([Data(1...8)]))
        XCTAssertEqual(lookout.sees("b", tag: nil, now: 9_300), .nothing, "said just now")
        XCTAssertEqual(lookout.sees("b", tag: nil, now: 11_000), .tags([Data(1...8)]))
        XCTAssertEqual(lookout.sees("b", tag: nil, now: 310_000), .ask, "its tags have changed since")
    }

    func testATagInTheAirCountsOnceASecondAndStrangersAreForgotten() {
        var lookout = Lookout()
        XCTAssertEqual(lookout.sees("a", tag: Data(1...8), now: 0), .tags([Data(1...8)]))
        XCTAssertEqual(lookout.sees("a", tag: Data(1...8), now: 999), .nothing)
        XCTAssertEqual(lookout.sees("a", tag: Data(2...9), now: 999), .tags([Data(2...9)]))
        for no in 0..<1_000 { _ = lookout.sees("stranger \(no)", tag: nil, now: 2_000 + UInt64(no)) }
        XCTAssertEqual(lookout.count, Lookout.most)
        XCTAssertEqual(lookout.sees("a", tag: Data(2...9), now: 4_000), .tags([Data(2...9)]))
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
