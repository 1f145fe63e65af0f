package org.hazel.wallet

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.io.path.absolutePathString
import org.hazel.bridge.Carrier
import org.hazel.bridge.Clock
import org.hazel.bridge.Ending
import org.hazel.bridge.HazelException
import org.hazel.bridge.KeyStatus
import org.hazel.bridge.KeyStore
import org.hazel.bridge.KeyStoreException
import org.hazel.bridge.Listener
import org.hazel.bridge.LogLevel
import org.hazel.bridge.LogSink
import org.hazel.bridge.Meaning
import org.hazel.bridge.Notice
import org.hazel.bridge.PageOf
import org.hazel.bridge.Payment
import org.hazel.bridge.Scan
import org.hazel.bridge.Side
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.bridge.Went
import org.hazel.bridge.newWords
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** What apps, people, radios and key stores do wrong: a typed error, nothing lost, no crash. */
class BadInputTest {
    @TempDir
    lateinit var folder: Path

    private fun file(name: String = "wallet.hazel") = folder.resolve(name).absolutePathString()

    private fun code(call: () -> Any?): String = assertThrows<HazelException> { call() }.code

    @Test
    fun `use after close, and closing twice`() {
        val wallet = Wallet.create(file(), Keys(), "Ana", newWords(), null)
        wallet.shut()
        wallet.shut()
        assertEquals("closed", code { wallet.home() })
        assertEquals("closed", code { wallet.pay("00".repeat(16), Payment(units = 1)) })
        assertEquals("closed", code { wallet.resume() })
    }

    @Test
    fun `a frozen app holds no lock, and goes on where it was`() {
        val wallet = Wallet.create(file(), Keys(), "Ana", newWords(), null)
        wallet.suspend()
        assertEquals("suspended", code { wallet.home() })
        // Somebody else can write the file meanwhile: nothing is locked.
        Wallet.open(file(), Keys(), null).run { invite(Side.FOIL, Terms(1_000, 30u), 60uL); shut() }
        wallet.resume()
        assertEquals(1, wallet.home().tallies.size)
    }

    @Test
    fun `many threads at once`() {
        val pair = SimulatedPair.fresh(folder.toString(), 1uL)
        val tally = opened(pair, pair.left(), pair.right())
        val threads = Executors.newFixedThreadPool(16)
        val trouble = CopyOnWriteArrayList<Throwable>()
        repeat(64) { n ->
            threads.execute {
                try {
                    if (n % 2 == 0) pair.left().pay(tally, Payment(units = 10)) else pair.left().tally(tally, PageOf())
                } catch (thrown: Throwable) {
                    trouble.add(thrown)
                }
            }
        }
        threads.shutdown()
        assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS))
        assertEquals(emptyList<Throwable>(), trouble)
        assertEquals(-320, pair.left().home().position.net)
        assertEquals(emptyList<String>(), pair.left().audit().run().findings)
    }

    @Test
    fun `a wallet that is closed among many threads`() {
        val pair = SimulatedPair.fresh(folder.toString(), 31uL)
        val tally = opened(pair, pair.left(), pair.right())
        val answers = CopyOnWriteArrayList<String>()
        val threads = Executors.newFixedThreadPool(8)
        repeat(60) { n ->
            threads.execute {
                if (n == 40) pair.left().shut()
                answers += runCatching { pair.left().pay(tally, Payment(units = 10)) }
                    .fold({ "paid" }, { (it as? HazelException)?.code ?: "$it" })
            }
        }
        threads.shutdown()
        assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS))
        assertEquals(setOf("paid", "closed"), answers.toSet() + "paid")
        // What said that it paid is on the disk, and nothing else is.
        val again = Wallet.open(file("ana.hazel"), LabKeys, null)
        assertEquals(answers.count { it == "paid" } * -10L, again.home().position.net)
        assertEquals(emptyList<String>(), again.audit().run().findings)
    }

    @Test
    fun `a listener that throws is told the next thing, on a thread of its own and under no lock`() {
        val wallet = Wallet.create(file(), Keys(), "Ana", newWords(), null)
        val told = CountDownLatch(3)
        val lines = CopyOnWriteArrayList<String>()
        val threads = CopyOnWriteArrayList<Thread>()
        wallet.logTo(object : LogSink {
            override fun log(level: LogLevel, line: String) { lines.add("$level $line") }
        })
        wallet.listen(object : Listener {
            override fun changed(notice: Notice) {
                // A call into the wallet from its own callback: there is no lock to wait for.
                wallet.home()
                threads.add(Thread.currentThread())
                told.countDown()
                error("the app's own mistake")
            }
        })
        repeat(3) { wallet.invite(Side.FOIL, Terms(1_000, 30u), 60uL) }
        assertTrue(told.await(10, TimeUnit.SECONDS))
        assertFalse(Thread.currentThread() in threads)
        assertEquals(3, wallet.home().tallies.size)
        val until = System.nanoTime() + 5_000_000_000
        while (lines.none { "callback_failed" in it } && System.nanoTime() < until) Thread.sleep(5)
        assertTrue(lines.any { it.startsWith("ERROR a listener failed") }, "$lines")
    }

    @Test
    fun `a log that throws at every line stops nothing`() {
        val pair = SimulatedPair.fresh(folder.toString(), 10uL)
        val lines = AtomicInteger()
        pair.left().logTo(object : LogSink {
            override fun log(level: LogLevel, line: String) { lines.incrementAndGet(); error("the disk of the log is full") }
        })
        val tally = opened(pair, pair.left(), pair.right())
        pair.left().pay(tally, Payment(units = 1_000))
        assertEquals(Ending.InSync, pair.meet(tally, Faults()).left.ending)
        assertEquals(-1_000, pair.left().home().position.finalNet)
        assertTrue(lines.get() > 0)
    }

    @Test
    fun `a clock that throws fails the call, and only that`() {
        val broken = AtomicInteger(0)
        val clock = object : Clock {
            override fun now(): ULong = if (broken.get() > 0) error("no clock") else 1_800_000_000uL
        }
        val wallet = Wallet.create(file(), Keys(), "Ana", newWords(), clock)
        broken.set(1)
        assertEquals("callback_failed", code { wallet.invite(Side.FOIL, Terms(1_000, 30u), 60uL) })
        broken.set(0)
        assertEquals(0, wallet.home().tallies.size)
    }

    @Test
    fun `each answer of a key store stays what it is`() {
        Wallet.create(file(), Keys(), "Ana", newWords(), null).shut()
        val answers = mapOf(
            KeyStoreException.Cancelled() to "cancelled",
            KeyStoreException.LockedOut() to "locked_out",
            KeyStoreException.NotEnrolled() to "not_enrolled",
            KeyStoreException.Invalidated() to "invalidated",
            KeyStoreException.Damaged() to "corrupt",
            KeyStoreException.Failed("broken chip") to "key_store_failed",
            IllegalStateException("not ours") to "key_store_failed",
        )
        for ((thrown, expected) in answers) {
            val refused = assertThrows<HazelException.Locked> { Wallet.open(file(), Keys(thrown), null) }
            assertEquals(expected, refused.code)
            assertEquals(expected, code { Wallet.create(file("other.hazel"), Keys(thrown), "Ben", newWords(), null) })
            assertFalse(Files.exists(folder.resolve("other.hazel")), "a wallet without a key was left behind")
        }
        // The person says yes the next time: the wallet is whole.
        assertEquals("Ana", Wallet.open(file(), Keys(), null).home().name)
    }

    @Test
    fun `a key store that answers with nonsense is found out`() {
        Wallet.create(file(), Keys(), "Ana", newWords(), null).shut()
        val short = object : KeyStore by Keys() { override fun unwrap(wrapped: ByteArray) = ByteArray(7) }
        assertEquals("key_store_failed", code { Wallet.open(file(), short, null) })
        // Of the right length and wrong, it opens nothing that is sealed.
        val other = object : KeyStore by Keys() { override fun unwrap(wrapped: ByteArray) = ByteArray(32) }
        assertEquals("corrupt", code { Wallet.open(file(), other, null) })
    }

    @Test
    fun `files that are no wallet, not there, there already, or of a newer Hazel`() {
        assertEquals("unreachable", code { Wallet.open(file("nowhere.hazel"), Keys(), null) })
        Files.writeString(folder.resolve("notes.txt"), "twelve eggs".repeat(1000))
        assertEquals("not_a_wallet", code { Wallet.open(file("notes.txt"), Keys(), null) })
        Wallet.create(file(), Keys(), "Ana", newWords(), null).shut()
        assertThrows<HazelException> { Wallet.create(file(), Keys(), "Ben", newWords(), null) }
        assertEquals("Ana", Wallet.open(file(), Keys(), null).run { home().name.also { shut() } })
        // SQLite keeps the version of the schema at byte 60 of its first page.
        val path = folder.resolve("wallet.hazel")
        val bytes = Files.readAllBytes(path)
        bytes[63] = 99
        Files.write(path, bytes)
        val newer = assertThrows<HazelException.Newer> { Wallet.open(file(), Keys(), null) }
        assertEquals("newer", newer.code)
    }

    @Test
    fun `ids, codes and words that are none`() {
        val wallet = Wallet.create(file(), Keys(), "Ana", newWords(), null)
        for (id in listOf("", "zz", "00", "00".repeat(16), "\u0000", "ü".repeat(32))) {
            assertEquals("unknown", code { wallet.tally(id, PageOf()) }, id)
            assertEquals("unknown", code { wallet.went(id, id) }, id)
        }
        assertEquals("no_such_code", code { wallet.take(ByteArray(0)) })
        assertThrows<HazelException> { wallet.take(ByteArray(64) { 1 }) }
        assertThrows<HazelException> { wallet.receive(ByteArray(10_000)) }
        assertEquals("words", code { wallet.backup("one two three") })
        assertTrue(Scan(null).text("WIFI:S:cafe;;").meaning is Meaning.Foreign)
        assertTrue(Scan(null).text("HZ:nonsense").meaning is Meaning.Refused)
    }

    @Test
    fun `a radio that claims more than it carries comes to an end, and a sound one then finishes`() {
        val pair = SimulatedPair.fresh(folder.toString(), 3uL)
        val tally = opened(pair, pair.left(), pair.right())
        val chit = pair.left().pay(tally, Payment(units = 500))
        val liar = pair.meet(tally, Faults(mtu = 23u, claims = 247u))
        assertTrue(liar.left.ending !is Ending.InSync, "$liar")
        assertEquals(Went.Signed(chit), pair.left().went(tally, chit))
        assertEquals(Ending.InSync, pair.meet(tally, Faults(mtu = 247u)).left.ending)
        assertEquals(Went.Final(chit), pair.left().went(tally, chit))
    }

    @Test
    fun `twice, late and out of order counts once`() {
        val pair = SimulatedPair.fresh(folder.toString(), 4uL)
        val tally = opened(pair, pair.left(), pair.right())
        repeat(5) { pair.left().pay(tally, Payment(units = 1_000)) }
        val met = pair.meet(tally, Faults(doubling = 60u, jitter = 300u, loss = 10u, cuts = listOf(60u), late = true))
        assertEquals(Ending.InSync, met.left.ending, "$met")
        assertEquals(5_000, pair.right().home().position.finalNet)
    }

    @Test
    fun `an app that the system kills in a meeting has lost nothing`() {
        val pair = SimulatedPair.fresh(folder.toString(), 5uL)
        val tally = opened(pair, pair.left(), pair.right())
        repeat(3) { pair.left().pay(tally, Payment(units = 1_000)) }
        val killed = pair.meet(tally, Faults(killRightAfter = 45u))
        assertTrue(killed.left.ending !is Ending.InSync, "$killed")
        pair.right().shut()
        val again = SimulatedPair(pair.left(), Wallet.open(folder.resolve("ben.hazel").absolutePathString(), LabKeys, null), 6uL)
        assertEquals(Ending.InSync, again.meet(tally, Faults()).left.ending)
        assertEquals(3_000, again.right().home().position.finalNet)
        assertEquals(emptyList<String>(), again.right().audit().run().findings)
    }

    @Test
    fun `a phone that begins anew signs on, and both come to one order`() {
        val pair = SimulatedPair.fresh(folder.toString(), 9uL)
        val tally = opened(pair, pair.left(), pair.right())
        pair.right().pay(tally, Payment(units = 3))
        pair.meet(tally, Faults())
        pair.right().renew(tally)
        pair.right().pay(tally, Payment(units = 1))
        pair.meet(tally, Faults())
        assertEquals(Ending.InSync, pair.meet(tally, Faults()).left.ending)
        assertEquals(4, pair.left().home().position.finalNet)
        for (wallet in listOf(pair.left(), pair.right())) assertEquals(emptyList<String>(), wallet.audit().run().findings)
        assertEquals("unknown", code { pair.right().renew("00".repeat(16)) })
    }

    @Test
    fun `a meeting after its end, after the wallet's, and with a link that cannot be`() {
        val pair = SimulatedPair.fresh(folder.toString(), 8uL)
        val tally = opened(pair, pair.left(), pair.right())
        val meeting = pair.left().call(tally, Carrier.MEMORY)
        assertEquals("bad_link", code { meeting.linkUp(3u, true, 0uL) })
        meeting.linkUp(23u, true, 0uL)
        assertEquals("linked_already", code { meeting.linkUp(23u, true, 1uL) })
        meeting.cancel(2uL)
        assertNotNull(meeting.end().ending)
        assertEquals("meeting_over", code { meeting.packet(ByteArray(20), 3uL) })
        assertEquals("meeting_over", code { meeting.end() })
        val other = pair.left().call(tally, Carrier.MEMORY)
        pair.left().shut()
        assertEquals("closed", code { other.linkUp(23u, true, 4uL) })
    }

    @Test
    fun `an event comes again until it is handled, also after a restart`() {
        val pair = SimulatedPair.fresh(folder.toString(), 9uL)
        opened(pair, pair.left(), pair.right())
        val first = pair.right().nextEvent()!!
        assertEquals("tally_requested", first.code)
        pair.right().shut()
        val again = Wallet.open(folder.resolve("ben.hazel").absolutePathString(), LabKeys, null)
        assertEquals(first, again.nextEvent())
        again.eventHandled(first.no)
        assertTrue(again.nextEvent() != first)
    }
}

/** A key store in memory that can be made to refuse. */
internal class Keys(private val refusal: Exception? = null) : KeyStore {
    private fun turned(bytes: ByteArray): ByteArray {
        refusal?.let { throw it }
        return bytes.map { (it.toInt() xor 0x5a).toByte() }.toByteArray()
    }

    override fun wrap(secret: ByteArray) = turned(secret)
    override fun unwrap(wrapped: ByteArray) = turned(wrapped)
    override fun delete() = Unit
    override fun status() = KeyStatus.READY
}

/** Opens what the lab's own wallets were made with. */
internal object LabKeys : KeyStore {
    override fun wrap(secret: ByteArray) = secret.reversedArray()
    override fun unwrap(wrapped: ByteArray) = wrapped.reversedArray()
    override fun delete() = Unit
    override fun status() = KeyStatus.READY
}
