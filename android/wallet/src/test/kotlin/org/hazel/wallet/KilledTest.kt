package org.hazel.wallet

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.io.path.Path
import kotlin.io.path.absolutePathString
import org.hazel.bridge.Clock
import org.hazel.bridge.Ending
import org.hazel.bridge.KeyStore
import org.hazel.bridge.Listener
import org.hazel.bridge.LogLevel
import org.hazel.bridge.LogSink
import org.hazel.bridge.Nearby
import org.hazel.bridge.Notice
import org.hazel.bridge.Payment
import org.hazel.bridge.Radio
import org.hazel.bridge.Sight
import org.hazel.bridge.Wallet
import org.hazel.bridge.Went
import org.hazel.bridge.newWords
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The system kills the app while it is in a callback of the wallet's: another process, really killed, whose wallets are then opened here. */
class KilledTest {
    @TempDir
    lateinit var folder: Path

    private fun open(name: String) = Wallet.open(folder.resolve(name).absolutePathString(), LabKeys, null)

    private fun killedIn(callback: String, time: Int) {
        val pair = SimulatedPair.fresh(folder.toString(), 41uL)
        val tally = opened(pair, pair.left(), pair.right())
        pair.left().shut()
        pair.right().shut()
        val settings = listOf("jna.library.path", "uniffi.component.hazel_ffi.libraryOverride", "uniffi.component.hazel_lab.libraryOverride")
            .mapNotNull { name -> System.getProperty(name)?.let { "-D$name=$it" } }
        val java = Path(System.getProperty("java.home"), "bin", "java").toString()
        val words = listOf(java, "-XX:TieredStopAtLevel=1") + settings +
            listOf("-cp", System.getProperty("java.class.path"), Victim::class.java.name, folder.toString(), tally, callback, "$time")
        val process = ProcessBuilder(words).redirectErrorStream(true).start()
        val said = process.inputStream.bufferedReader().readLines()
        assertTrue(process.waitFor(30, TimeUnit.SECONDS))
        assertEquals(KILLED, process.exitValue(), "$callback: ${said.takeLast(5)}")
        // What the app was told that it has paid is there, at most one payment more, and nothing is damaged.
        val (ana, ben) = open("ana.hazel") to open("ben.hazel")
        val paid = said.filter { it.startsWith("paid ") }.map { it.substringAfter(' ') }
        for (chit in paid) assertTrue(ana.went(tally, chit) !is Went.NeverSigned, "$callback: $chit")
        val owed = -ana.home().position.net
        assertTrue(owed == paid.size * 100L || owed == (paid.size + 1) * 100L, "$callback: $owed after ${paid.size} payments")
        assertEquals(Ending.InSync, SimulatedPair(ana, ben, 42uL).meet(tally, Faults()).left.ending)
        assertEquals(owed, ben.home().position.finalNet, callback)
        for (wallet in listOf(ana, ben)) {
            assertEquals(emptyList<String>(), wallet.audit().run().findings, callback)
            wallet.shut()
        }
        // Of a wallet that was being made there is nothing, and nothing in the way of the next one.
        val third = folder.resolve("cem.hazel")
        assertFalse(Files.exists(third), callback)
        Wallet.create(third.absolutePathString(), LabKeys, "Cem", newWords(), null).shut()
        folder.toFile().listFiles().orEmpty().forEach { it.delete() }
    }

    @Test
    fun `in what listens, logs, tells the time and keeps the key`() {
        for ((callback, time) in listOf("changed" to 2, "log" to 1, "now" to 6, "unwrap" to 1, "wrap" to 1)) killedIn(callback, time)
    }

    @Test
    fun `in what the radio is asked to do`() {
        for ((callback, time) in listOf("connect" to 1, "send" to 2, "send" to 9, "hangUp" to 1, "wakeAt" to 3)) killedIn(callback, time)
    }

    companion object {
        const val KILLED = 9
    }
}

/** The process that is killed: pays, and meets over a radio of threads, until the callback of that name is made for the so-manieth time. */
object Victim {
    private lateinit var callback: String
    private val left = AtomicInteger()
    private val air = Executors.newSingleThreadScheduledExecutor()
    private val ends = mutableListOf<Nearby>()

    private fun passes(name: String) {
        // No shutdown hook, no finaliser, nothing written any more: as the system does it.
        if (name == callback && left.decrementAndGet() == 0) Runtime.getRuntime().halt(KilledTest.KILLED)
    }

    private class Ears : Listener, LogSink, Clock, KeyStore by LabKeys {
        override fun changed(notice: Notice) = passes("changed")
        override fun log(level: LogLevel, line: String) = passes("log")
        override fun now(): ULong = passes("now").let { (System.currentTimeMillis() / 1_000).toULong() }
        override fun wrap(secret: ByteArray) = passes("wrap").let { LabKeys.wrap(secret) }
        override fun unwrap(wrapped: ByteArray) = passes("unwrap").let { LabKeys.unwrap(wrapped) }
    }

    private class Ether(private val side: Int) : Radio {
        override fun connect(peer: String) = does("connect") {
            ends[1 - side].linkUp(1uL, "caller", 185u, false, now())
            ends[side].linkUp(1uL, peer, 185u, true, now())
        }
        override fun send(link: ULong, packet: ByteArray) = does("send") { ends[1 - side].packet(link, packet, 185u, now()) }
        override fun hangUp(link: ULong) = does("hangUp") { for (end in ends) end.linkDown(link, now()) }
        override fun wakeAt(at: ULong) = does("wakeAt", (at - minOf(at, now())).toLong()) { ends[side].tick(now()) }

        private fun does(name: String, milliseconds: Long = 1, act: () -> Unit) {
            passes(name)
            air.schedule({ runCatching(act) }, milliseconds, TimeUnit.MILLISECONDS)
        }
    }

    @JvmStatic
    fun main(words: Array<String>) {
        val (folder, tally, named, time) = words
        callback = named
        left.set(time.toInt())
        val ears = Ears()
        val (ana, ben) = listOf("ana", "ben").map { Wallet.open("$folder/$it.hazel", ears, ears) }
        if (callback == "wrap") Wallet.create("$folder/cem.hazel", ears, "Cem", newWords(), ears)
        ana.listen(ears)
        ana.logTo(ears)
        for ((side, wallet) in listOf(ana, ben).withIndex()) ends.add(Nearby(wallet, Ether(side)))
        repeat(5) {
            println("paid " + ana.pay(tally, Payment(units = 100)))
            System.out.flush()
        }
        ends[0].seen("ben", Sight.Whole(ben.beacons().single().tag.bytes), now())
        ends[1].seen("ana", Sight.Whole(ana.beacons().single().tag.bytes), now())
        Thread.sleep(15_000)
    }
}
