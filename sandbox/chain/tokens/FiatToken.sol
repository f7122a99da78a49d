// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What the emulated USDC and EURC have in common
/// @notice Six decimals, plain-string errors and a blocklist, as Circle's FiatToken has them, and controls for an owner
/// who can do anything: this stands in a sandbox. As Circle's, it stands behind a proxy; no constructor ever runs.
abstract contract FiatToken {
    /// @dev Slot 0: the sandbox writes it when it places the code.
    address public owner;
    bool public paused;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;
    mapping(address account => bool) public isBlacklisted;

    uint8 public constant decimals = 6;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Blacklisted(address indexed account);
    event UnBlacklisted(address indexed account);
    event Pause();
    event Unpause();

    modifier onlyOwner() {
        require(msg.sender == owner, "Ownable: caller is not the owner");
        _;
    }

    modifier whenNotPaused() {
        require(!paused, "Pausable: paused");
        _;
    }

    modifier notBlacklisted(address account) {
        require(!isBlacklisted[account], "Blacklistable: account is blacklisted");
        _;
    }

    function name() external pure virtual returns (string memory);

    function symbol() external pure virtual returns (string memory);

    function approve(address spender, uint256 value) external whenNotPaused returns (bool) {
        require(spender != address(0), "ERC20: approve to the zero address");
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external whenNotPaused returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    /// @dev As in FiatToken, an allowance is spent even where it is the greatest number there is.
    function transferFrom(
        address from,
        address to,
        uint256 value
    ) external whenNotPaused notBlacklisted(msg.sender) returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        require(value <= allowed, "ERC20: transfer amount exceeds allowance");
        allowance[from][msg.sender] = allowed - value;
        _transfer(from, to, value);
        return true;
    }

    function mint(address to, uint256 value) external onlyOwner {
        totalSupply += value;
        balanceOf[to] += value;
        _moved(address(0), to, value);
        emit Transfer(address(0), to, value);
    }

    function setBalance(address account, uint256 value) external onlyOwner {
        uint256 before = balanceOf[account];
        balanceOf[account] = value;
        totalSupply = totalSupply - before + value;
        (address from, address to) = value < before ? (account, address(0)) : (address(0), account);
        uint256 difference = value < before ? before - value : value - before;
        _moved(from, to, difference);
        emit Transfer(from, to, difference);
    }

    function setBlacklisted(address account, bool blocked) external onlyOwner {
        isBlacklisted[account] = blocked;
        if (blocked) emit Blacklisted(account);
        else emit UnBlacklisted(account);
    }

    function setPaused(bool paused_) external onlyOwner {
        paused = paused_;
        if (paused_) emit Pause();
        else emit Unpause();
    }

    function _transfer(address from, address to, uint256 value) private {
        require(from != address(0), "ERC20: transfer from the zero address");
        require(to != address(0), "ERC20: transfer to the zero address");
        uint256 balance = balanceOf[from];
        require(value <= balance, "ERC20: transfer amount exceeds balance");
        _mayMove(from, to);
        balanceOf[from] = balance - value;
        balanceOf[to] += value;
        _moved(from, to, value);
        emit Transfer(from, to, value);
    }

    /// @dev Reverts if the blocklist forbids it.
    function _mayMove(address from, address to) internal view virtual;

    /// @dev What comes before the token's own log.
    function _moved(address from, address to, uint256 value) internal virtual;
}
