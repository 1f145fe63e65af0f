package org.hazel.app

import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.hazel.bridge.Payment
import org.hazel.bridge.Side
import org.hazel.bridge.SiteLink
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.bridge.newWords
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.hazel.wallet.Site
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class SiteScreenTest {
    @TempDir
    lateinit var folder: Path

    private fun wallet(name: String) = Wallet.create(folder.resolve("$name.hazel").toString(), PocketKeys, name, newWords(), null)

    @Test
    fun `a ticket is typed, a payment becomes final at the site, and it is forgotten again, by pressing what is shown`() = runBlocking {
        wallet("Ana").shut()
        val ana = Person(folder, "Ana.hazel")
        Site(folder).use { site ->
            coroutineScope {
                ana.begin(this)
                ana.sees("tallies_none")
                val mine = ana.hall.wallet.bridge
                val pair = SimulatedPair(mine, wallet("Ben"), 71uL)
                val tally = withContext(Dispatchers.IO) {
                    val terms = Terms(50_000, 30u)
                    val tally = mine.acceptTicket(pair.right().invite(Side.STOCK, terms, 3_600uL).code.bytes, terms)
                    pair.meet(tally, Faults())
                    pair.right().offer(tally, null, null)
                    pair.meet(tally, Faults())
                    mine.accept(tally, mine.offered(tally).version)
                    pair.meet(tally, Faults())
                    tally
                }
                ana.press("settings")
                ana.press("site")
                ana.sees("site_why")
                ana.type("ticket", "nonsense")
                ana.press("site_link")
                ana.sees("error_no_site_ticket")
                ana.type("ticket", " ${site.ticket("ana")} ")
                ana.press("site_link")
                ana.sees("site_linked")
                ana.sees("speaks_here")
                ana.press("speak_site")
                ana.sees("speaks_site")
                withContext(Dispatchers.IO) { pair.meet(tally, Faults()) }
                mine.pay(tally, Payment(units = 2_500))
                ana.press("site_go")
                ana.find("an answer of the site's") { sheet -> sheet.parts.firstOrNull { part -> names(part.spoken).any { it == "site_all_final" || it == "site_pending" } } }

                site.stop()
                ana.press("site_go")
                ana.sees("error_unreachable_site")
                ana.press("speak_here")
                ana.sees("speaks_here")
                ana.press("site_forget")
                ana.sees("site_why")
                assertNull(KeptLink(ana.hall.file).read())
                coroutineContext.job.cancelChildren()
            }
        }
        checkAll(ana.seen.map { it.second })
        Preview.write(ana.seen.filter { it.first == "SiteScreen" })
    }

    @Test
    fun `a link is kept in a file, and nonsense there is none`() {
        val kept = KeptLink(folder.resolve("wallet.hazel").toString())
        assertNull(kept.read())
        kept.forget()
        val link = SiteLink("s", "h", 65_430u, byteArrayOf(1, -1, 127))
        kept.keep(link)
        assertEquals(link.site to link.port, kept.read()?.run { this.site to port })
        assertArrayEquals(link.secret, kept.read()?.secret)
        for (nonsense in listOf("", "site=s\nhost=h\nport=70000\nsecret=00", "port=1\nsecret=zz")) {
            Files.writeString(folder.resolve("wallet.hazel.site"), nonsense)
            assertNull(kept.read(), nonsense)
        }
        kept.forget()
        assertNull(kept.read())
    }
}
