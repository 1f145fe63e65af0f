package org.hazel.wallet

import org.hazel.bridge.ShownTag
import org.hazel.bridge.Sight
import org.hazel.bridge.information
import org.hazel.bridge.readInformation
import org.hazel.bridge.sights
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

/** What can be proven of a phone without one. */
class RadioRulesTest {
    private val well = Circumstances(35, hasRadio = true, missing = emptyList(), isOn = true, locationIsOn = false, canAdvertise = true, savesPower = false)

    @Test
    fun `each generation asks for its own permissions`() {
        assertEquals(listOf("android.permission.ACCESS_FINE_LOCATION"), permissionsFor(24))
        assertEquals(permissionsFor(24), permissionsFor(30))
        val newer = listOf("BLUETOOTH_SCAN", "BLUETOOTH_CONNECT", "BLUETOOTH_ADVERTISE").map { "android.permission.$it" }
        assertEquals(newer, permissionsFor(31))
        assertEquals(newer, permissionsFor(35))
    }

    @Test
    fun `the blocker is named, the first thing first`() {
        assertEquals(emptyList<Blocker>(), well.blockers())
        assertEquals(listOf(Blocker.NO_RADIO), well.copy(hasRadio = false, missing = listOf("x")).blockers())
        assertEquals(listOf(Blocker.NOT_PERMITTED), well.copy(missing = listOf("x"), isOn = false).blockers())
        assertEquals(listOf(Blocker.SWITCHED_OFF), well.copy(isOn = false).blockers())
        assertEquals(listOf(Blocker.LOCATION_OFF), well.copy(sdk = 30).blockers())
        assertEquals(listOf(Blocker.CANNOT_ADVERTISE, Blocker.SAVING_POWER), well.copy(canAdvertise = false, savesPower = true).blockers())
    }

    @Test
    fun `a lying MTU is kept within what there can be`() {
        assertEquals(listOf<UShort>(23u, 23u, 185u, 517u, 517u), listOf(-1, 3, 185, 517, 70_000).map { soundMtu(it) })
    }

    @Test
    fun `a tag is eight bytes or a name, and only this version is spoken`() {
        assertEquals(emptyList<Sight>(), sights(null, null))
        assertEquals(emptyList<Sight>(), sights(ByteArray(9), "Pixel 8"))
        val whole = hex("864fd26fb559f75b")
        assertEquals(2, sights(whole, "HelloWorld").size)
        assertEquals(Sight.Name("HelloWor"), sights(null, "HelloWorld").single())
        assertEquals(Sight.Name("HelloWor"), sights(null, "HelloWor").single())
        assertEquals(listOf(true, false, false), listOf(byteArrayOf(1, 0, 0), byteArrayOf(2, 0, 0), byteArrayOf()).map { readInformation(it) != null })
    }

    @Test
    fun `what is told of oneself is read by the others, today's and tomorrow's`() {
        val tags = List(20) { ShownTag(ByteArray(8) { n -> n.toByte() }, "") }
        val told = information(tags, 0x80u)
        assertEquals(3 + 16 * 8, told.size)
        assertEquals(16, readInformation(told + byteArrayOf(9))?.tags?.size)
        assertEquals(0x80u.toUShort(), readInformation(told)?.channel)
        assertEquals(0x1234u.toUShort(), readInformation(byteArrayOf(1, 0x12, 0x34))?.channel)
        assertEquals(emptyList<Sight>(), readInformation(information(emptyList(), 0u))?.tags)
    }

    @Test
    fun `packets leave one at a time and in order, and closing waits for them`() {
        val given = mutableListOf<Int>()
        var closed = 0
        var takes = true
        val queue = PacketQueue({ given.add(it[0].toInt()); takes }, { closed++ })
        for (n in 1..3) queue.send(byteArrayOf(n.toByte()))
        assertEquals(listOf(1), given)
        queue.closeWhenEmpty()
        queue.send(byteArrayOf(9))
        queue.taken()
        assertEquals(0, closed)
        // The stack refuses one: it is lost, and the queue does not hang.
        takes = false
        queue.taken()
        assertEquals(listOf(1, 2, 3), given)
        assertEquals(1, closed)
        queue.taken()
        queue.closeWhenEmpty()
        assertEquals(1, closed)
    }

    @Test
    fun `another phone reads the link as from a tag`() {
        val message = ByteArray(300) { it.toByte() }
        val tag = Type4Tag(message)
        val done = hex("9000")
        assertArrayEquals(done, tag.answer(hex("00a4040007d276000085010100")))
        assertArrayEquals(hex("6a82"), tag.answer(hex("00b0000002")))
        assertArrayEquals(done, tag.answer(hex("00a4000c02e103")))
        assertArrayEquals(hex("000f2000f000f00406e104012e00ff9000"), tag.answer(hex("00b000000f")))
        assertArrayEquals(done, tag.answer(hex("00a4000c02e104")))
        assertArrayEquals(hex("012c9000"), tag.answer(hex("00b0000002")))
        val first = tag.answer(hex("00b00002f0")).dropLast(2)
        val second = tag.answer(hex("00b000f2f0")).dropLast(2)
        assertArrayEquals(message, (first + second).toByteArray())
        assertArrayEquals(hex("6d00"), tag.answer(hex("00b0ffff02")))
        assertArrayEquals(hex("6d00"), tag.answer(hex("00")))
        assertArrayEquals(hex("6a82"), Type4Tag(null).answer(hex("00a4000c02e103")))
    }
}
