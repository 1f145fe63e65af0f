package org.hazel.wallet

import java.nio.file.Path
import java.util.concurrent.Executors
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.hazel.bridge.Ending
import org.hazel.bridge.Notice
import org.hazel.bridge.Payment
import org.hazel.bridge.ShownTag
import org.hazel.bridge.Side
import org.hazel.bridge.Sight
import org.hazel.bridge.Stage
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.bridge.Went
import org.hazel.bridge.sights
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Two wallets find each other by their tags over a radio of this file's, on threads, by the wall clock. */
class NearbyTest {
    @TempDir
    lateinit var folder: Path
    private val air = Executors.newSingleThreadScheduledExecutor()

    @AfterEach
    fun silence() {
        air.shutdownNow()
    }

    private fun near(pair: SimulatedPair) = Near.pair(pair.left(), pair.right(), air)

    @Test
    fun `whoever's turn it is calls, both end in sync, and are then left in peace`() {
        val pair = SimulatedPair.fresh(folder.toString(), 11uL)
        val tally = opened(pair, pair.left(), pair.right())
        pair.left().pay(tally, Payment(units = 2_500))
        val (left, right) = near(pair)
        // A packet that the radio loses by throwing is said again.
        left.throwsOn = 2
        val tagOf = { wallet: Wallet -> Sight.Whole(wallet.beacons().single().tag.bytes) }
        val seenRight = left.nearby.seen("right", tagOf(pair.right()), now())
        // The left one is an iPhone, which shows its tag as a name.
        val name = sights(null, left.nearby.tags().single().name).single()
        val seenLeft = right.nearby.seen("left", name, now())
        assertEquals(listOf(tally, tally), listOf(seenRight, seenLeft))
        for (phone in listOf(left, right)) {
            val report = phone.hears<Notice.Over>()?.report
            assertEquals(Ending.InSync, report?.ending, "$report")
        }
        assertEquals(2_500, pair.right().home().position.finalNet)
        left.nearby.seen("right", tagOf(pair.right()), now())
        right.nearby.seen("left", tagOf(pair.left()), now())
        Thread.sleep(300)
        assertEquals(emptyList<Notice>(), left.notices.filter { it is Notice.Over })
    }

    @Test
    fun `a radio that delivers everything twice, the second time late, changes nothing`() {
        val pair = SimulatedPair.fresh(folder.toString(), 16uL)
        val tally = opened(pair, pair.left(), pair.right())
        repeat(3) { pair.left().pay(tally, Payment(units = 1_000)) }
        val (left, right) = near(pair)
        for (phone in listOf(left, right)) phone.echo = 40
        for ((phone, other) in listOf(left to right, right to left)) {
            phone.nearby.seen("other", Sight.Whole(other.wallet.beacons().single().tag.bytes), now())
        }
        for (phone in listOf(left, right)) assertEquals(Ending.InSync, phone.hears<Notice.Over>()?.report?.ending)
        // What is still in the air comes after the end.
        Thread.sleep(200)
        assertEquals(3_000, right.wallet.home().position.finalNet)
        assertEquals(emptyList<String>(), right.wallet.audit().run().findings)
    }

    @Test
    fun `a radio that claims more than there is, or nothing, ends in an error and nothing else`() {
        val pair = SimulatedPair.fresh(folder.toString(), 17uL)
        val tally = opened(pair, pair.left(), pair.right())
        val chit = pair.left().pay(tally, Payment(units = 1_000))
        val (left, right) = near(pair)
        for (phone in listOf(left, right)) phone.claims = 3u
        left.nearby.seen("right", Sight.Whole(right.wallet.beacons().single().tag.bytes), now())
        right.nearby.seen("left", Sight.Whole(left.wallet.beacons().single().tag.bytes), now())
        Thread.sleep(300)
        assertEquals(Went.Signed(chit), left.wallet.went(tally, chit))
        assertEquals(emptyList<String>(), left.wallet.audit().run().findings)
    }

    @Test
    fun `a stranger's tag and a stranger's packet lead nowhere`() {
        val pair = SimulatedPair.fresh(folder.toString(), 12uL)
        opened(pair, pair.left(), pair.right())
        val (left, _) = near(pair)
        assertNull(left.nearby.seen("stranger", Sight.Whole(ByteArray(8) { 7 }), now()))
        assertNull(left.nearby.seen("stranger", Sight.Whole(ByteArray(3)), now()))
        left.nearby.linkUp(5uL, "stranger", 23u, false, now())
        left.nearby.packet(5uL, ByteArray(20) { it.toByte() }, 23u, now())
        left.nearby.packet(6uL, ByteArray(20), 23u, now())
        left.nearby.stop(now())
        assertEquals("meeting_over", runCatching { left.nearby.tick(now()) }.exceptionOrNull().let { (it as org.hazel.bridge.HazelException).code })
    }

    @Test
    fun `two strangers compare words, both say yes, and a tally has begun that the two then open`() {
        val pair = SimulatedPair.fresh(folder.toString(), 14uL)
        val (ana, ben) = near(pair)
        assertEquals(emptyList<ShownTag>(), ben.nearby.tags())
        ben.nearby.awaitNewcomer(Side.STOCK, Terms(50_000, 30u))
        ana.nearby.seekNewcomer(Terms(20_000, 30u))
        // As an iPhone shows it: a name of ten letters.
        val shown = sights(null, ben.nearby.tags().single().name).single()
        assertNull(ana.nearby.seen("ben", shown, now()), "nobody's tag")
        val (left, right) = ana.hears<Notice.Compare>() to ben.hears<Notice.Compare>()
        assertEquals(listOf(3, 4), listOf(left?.words?.size, left?.emoji?.size))
        assertEquals(left, right)
        ana.nearby.codesMatch(true, now())
        assertEquals(emptyList<Any>(), pair.right().home().tallies, "nothing before both have said so")
        ben.nearby.codesMatch(true, now())
        val tally = ana.hears<Notice.Introduced>()?.tally
        assertEquals(tally, ben.hears<Notice.Introduced>()?.tally)
        assertEquals(1, ben.nearby.tags().size, "the newcomer's tag is shown no longer")
        // What follows is a first meeting by the ticket.
        val ticket = Sight.Whole(pair.right().beacons().single().tag.bytes)
        assertEquals(tally, ana.nearby.seen("ben", ticket, now()))
        assertEquals(Ending.InSync, ana.hears<Notice.Over>()?.report?.ending)
        assertEquals(listOf(Stage.INTRODUCED, Stage.INTRODUCED), listOf(ana, ben).map { it.wallet.home().tallies.single().stage })
    }

    @Test
    fun `one no, or somebody in between, and neither wallet has anything`() {
        val pair = SimulatedPair.fresh(folder.toString(), 15uL)
        val (ana, ben) = near(pair)
        ben.nearby.awaitNewcomer(Side.STOCK, Terms(50_000, 30u))
        ana.nearby.seekNewcomer(Terms(0, 30u))
        val shown = Sight.Whole(ben.nearby.tags().single().bytes)
        ana.nearby.seen("ben", shown, now())
        ana.hears<Notice.Compare>()
        ben.hears<Notice.Compare>()
        ana.nearby.codesMatch(true, now())
        ben.nearby.codesMatch(false, now())
        for (phone in listOf(ana, ben)) {
            assertEquals("codes_differ", phone.hears<Notice.NotIntroduced>()?.trouble?.code)
            assertEquals(0, phone.wallet.home().tallies.size)
        }
        // That one is not asked again; another one is.
        ana.nearby.seen("ben", shown, now())
        ana.nearby.seen("somebody else", shown, now())
        ana.hears<Notice.Compare>()
        ana.nearby.leaveNewcomer(now())
        assertEquals(0, pair.left().home().tallies.size + pair.right().home().tallies.size)
    }

    @Test
    fun `a screen follows every change`() = runBlocking {
        val pair = SimulatedPair.fresh(folder.toString(), 13uL)
        val tally = opened(pair, pair.left(), pair.right())
        val wallet = HazelWallet(pair.left())
        withTimeout(20.seconds) {
            val paying = launch {
                wallet.home().first { it.position.net == 0L }
                wallet.run { pay(tally, Payment(units = 700)) }
            }
            assertEquals(-700, wallet.home().first { it.position.net != 0L }.position.net)
            assertEquals(1, wallet.tally(tally).first { it.chits.any { chit -> chit.units == -700L } }.chits.count { it.units == -700L })
            paying.join()
        }
        wallet.close()
    }
}
